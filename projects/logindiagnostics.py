"""What `doctor` says about logging in. No Django here, like projects/diagnostics.py."""

from collections.abc import Iterable, Sequence

from projects.diagnostics import LOOPBACK_HOSTS, Finding, error, ok, warning


def judge_log_ins(two_factor: str, idle_minutes: int, hosts: Iterable[str]) -> Finding:
    """`two_factor` and `idle_minutes` as in the settings; `hosts`: ALLOWED_HOSTS."""
    outside = sorted(set(hosts) - LOOPBACK_HOSTS)
    if outside and two_factor != "required":
        return warning(
            "log-ins",
            f"TWO_FACTOR={two_factor} while ALLOWED_HOSTS admits {', '.join(outside)}: a guessed password "
            "is enough.",
            "set TWO_FACTOR=required in var/env",
        )
    if outside and not 0 < idle_minutes <= 60:
        return warning(
            "log-ins",
            f"IDLE_MINUTES={idle_minutes}: a computer that was left alone stays logged in.",
            "set IDLE_MINUTES=30 in var/env",
        )
    return ok("log-ins", f"Second factor: {two_factor}; idle log-ins end after {idle_minutes} minutes.")


def judge_proxies(https: bool, trusted: Sequence[str]) -> Finding:
    """`trusted`: TRUSTED_PROXIES in their usual form."""
    if any(network.endswith("/0") for network in trusted):
        return error(
            "proxies",
            "TRUSTED_PROXIES trusts everybody: whoever writes X-Forwarded-For chooses their address.",
            "name the proxy alone, such as TRUSTED_PROXIES=127.0.0.1",
        )
    if https and not trusted:
        return warning(
            "proxies",
            "HTTPS=1 says that a proxy is in front, but TRUSTED_PROXIES names none: all people have its "
            "address, and a stranger locks anybody out for 15 minutes.",
            "set TRUSTED_PROXIES=127.0.0.1 (the proxy's address) in var/env; the proxy sets X-Forwarded-For",
        )
    return ok(
        "proxies", f"Addresses are read behind {', '.join(trusted)}." if trusted else "No proxy is trusted."
    )
