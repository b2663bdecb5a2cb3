"""The policy that judges a programme, as its row holds it."""

from dataclasses import dataclass

from projects.models import Programme
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.policy import Policy
from projects.rules.sentences import Text


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy with the words that stand in its row."""

    policy: Policy
    name: Text
    source: Text


def policy_in_force(programme: ProgrammeWords) -> PolicyInForce:
    """One query."""
    row = Programme.objects.select_related("policy").get(pk=programme.pk).policy
    policy = Policy.from_json(row.rules)
    # A row's own source may be shorter than the policy's; the policy says what its source leaves open.
    return PolicyInForce(policy, Text(row.name_zh, row.name_en), Text(policy.source, policy.source_en))
