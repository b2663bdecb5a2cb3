"""The policy that judges a programme, as its row holds it."""

from dataclasses import dataclass

from projects.models import LagPolicy, Programme
from projects.readmodels.past import past
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.policy import Policy
from projects.rules.sentences import Text


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy with the words that stand in its row."""

    policy: Policy
    name: Text
    source: Text


def policy_then(programme_id: int, known_seq: int | None) -> Policy:
    """The policy that the programme named after a change (None: names now)."""
    policy_id = Programme.objects.values_list("policy_id", flat=True).get(pk=programme_id)
    if known_seq is not None:
        policy_id = past("programme", known_seq, known_seq + 1).was(programme_id, "policy_id", policy_id)
    return Policy.from_json(LagPolicy.objects.values_list("rules", flat=True).get(pk=policy_id))


def policy_in_force(programme: ProgrammeWords) -> PolicyInForce:
    """One query."""
    row = Programme.objects.select_related("policy").get(pk=programme.pk).policy
    policy = Policy.from_json(row.rules)
    # A row's own source may be shorter than the policy's; the policy says what its source leaves open.
    return PolicyInForce(policy, Text(row.name_zh, row.name_en), Text(policy.source, policy.source_en))
