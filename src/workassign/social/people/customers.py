"""What do we know of whoever wrote? Facts about a customer, and what an interaction says of them.

A customer may write from several networks: the same id for all of her accounts makes them one. It
comes from the CRM (see `crm`), or from a `Directory` where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import attrs

from workassign._names import NAME_LIMIT
from workassign.errors import UsageError
from workassign.model import Customer, Value, is_number
from workassign.needs import checked_name
from workassign.social.mentions import Mention, key_of

__all__ = ["Ask", "BadFactsError", "CustomerFacts", "Directory", "facts_of", "identified", "known"]


class BadFactsError(UsageError):
    """Facts that cannot be: says which field, and the rule, never what stood there."""


@attrs.frozen(kw_only=True)
class CustomerFacts:
    """What a CRM says of a customer; None: it does not know.

    Raises:
        BadFactsError: If a field has a wrong type or is out of its range.
    """

    id: str | None = None
    """Hers, the same for all of her accounts; None: each account is a customer of its own."""
    value: float | None = None
    """Lifetime value in the operator's own money; below 0: she has cost more than she has brought."""
    segment: str | None = None
    """Her tier or group, in the operator's own terms: gold, trial, press."""
    open_orders: int | None = None
    churn_risk: float | None = None
    """How likely she leaves: 0 to 1."""
    satisfaction: float | None = None
    """What she has said of us so far: 1 (very dissatisfied) to 5 (very satisfied)."""
    contacts: int | None = None
    """How often she wrote in the last 30 days, before this time."""
    agent: str | None = None
    """Who should have her: an agent's id, for `Interaction.prefers`."""
    language: str | None = None
    """What she speaks, ISO 639-1: en, es."""

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        for name in ("id", "segment", "agent", "language"):
            _check_name(name, getattr(self, name))
        for name in ("open_orders", "contacts"):
            _check_count(name, getattr(self, name))
        _check_number("value", self.value, -1e15, 1e15)
        _check_number("churn_risk", self.churn_risk, 0, 1)
        _check_number("satisfaction", self.satisfaction, 1, 5)


_NAMES = tuple(field.name for field in attrs.fields(CustomerFacts))

Ask: TypeAlias = Callable[[str, str], CustomerFacts | Mapping[str, object] | None]
"""Asks a CRM: (network, author) -> facts, or a table of them; None: it knows no such customer."""


def facts_of(answer: CustomerFacts | Mapping[str, object] | None) -> CustomerFacts | None:
    """Return what an `Ask` has answered as facts: all of it, or nothing.

    Raises:
        BadFactsError: If it is no table of facts, or anything in it is wrong or unknown.

    >>> facts_of({"id": "c-17", "value": 1250.0, "open_orders": 2}).open_orders
    2
    """
    if answer is None or isinstance(answer, CustomerFacts):
        return answer
    if not isinstance(answer, Mapping):
        raise BadFactsError("facts must be CustomerFacts(...), a table or None")
    said = dict(answer)
    # Not named: of rubbish, even the names may be personal data.
    if any(name not in _NAMES for name in said):
        raise BadFactsError(f"there is a field that is none of {', '.join(_NAMES)}")
    return CustomerFacts(**said)  # type: ignore[arg-type]


def _check_name(field: str, value: object) -> None:
    if value is None:
        return
    try:
        checked_name(value, field)
    except UsageError:
        raise BadFactsError(f"{field} must be printable text of 1 to 200 characters") from None


def _check_count(field: str, value: object) -> None:
    if value is not None and not (type(value) is int and 0 <= value <= 1_000_000):
        raise BadFactsError(f"{field} must be a whole number from 0 to 1000000")


def _check_number(field: str, value: object, low: float, high: float) -> None:
    if value is not None and not (is_number(value) and low <= value <= high):  # type: ignore[operator]
        raise BadFactsError(f"{field} must be a number from {low:g} to {high:g}")


# --- what an interaction says of them ---------------------------------------------------------


def known(
    mention: Mention, facts: CustomerFacts | None, influence: float | None = None, how: str | None = None
) -> tuple[Customer | None, dict[str, Value]]:
    """Return the customer who wrote *mention*, and the attributes that scorers and `explain` read.

    Where the CRM knows no lifetime value, the mention's own holds. Without an id of hers she is her
    account, `network/author`; if there is no account either, there is no customer. *influence* is
    her score (0 to 100), *how* what the lookup says of its answer: the attribute `customer_lookup`.
    `facts.agent` is left to the caller: it is `Interaction.prefers`.

    >>> from workassign.social.mentions import Mention
    >>> ann = Mention(id="1", at=0, text="?", network="mastodon", author="ann", followers=40)
    >>> known(ann, CustomerFacts(id="c-17", churn_risk=0.4), influence=61.5, how="asked")[1]
    {'churn_risk': 0.4, 'customer_lookup': 'asked'}
    """
    facts = facts or CustomerFacts()
    attributes: dict[str, Value] = {}
    for name in ("churn_risk", "satisfaction", "contacts", "open_orders"):
        if (value := getattr(facts, name)) is not None:
            attributes[name] = value
    if facts.language is not None:
        attributes["customer_language"] = facts.language
    if how is not None:
        attributes["customer_lookup"] = how
    return _customer(mention, facts, influence), attributes


def _customer(mention: Mention, facts: CustomerFacts, influence: float | None) -> Customer | None:
    id = facts.id or _account(mention)
    if id is None:
        return None
    value = facts.value if facts.value is not None else mention.value
    followers = mention.followers
    return Customer(
        id=id,
        value=value if value is not None and -1e15 <= value <= 1e15 else None,
        influence=influence,
        followers=min(followers, 10**12) if followers is not None and followers >= 0 else None,
        segment=facts.segment,
    )


def _account(mention: Mention) -> str | None:
    """Return the name of the account that wrote; None: there is none, or it can be no id."""
    if not mention.author:
        return None
    account = key_of(mention.network, mention.author)
    return account if len(account) <= NAME_LIMIT and account.isprintable() else None


# --- where there is no CRM ---------------------------------------------------------------------


class Directory:
    """Which accounts are one and the same customer? A table that is kept by hand.

    >>> directory = Directory({"c-17": ["twitter/4711", "mastodon/ann@example.org"]})
    >>> directory("mastodon", "ann@example.org"), directory("twitter", "1")
    ('c-17', None)
    """

    def __init__(self, accounts: Mapping[str, Sequence[str]]) -> None:
        """Take in *accounts*: customer id -> her accounts, each `network/author` (or an author alone).

        Raises:
            UsageError: If an id or an account is no name, or an account belongs to two customers.
        """
        if not isinstance(accounts, Mapping):
            raise UsageError("a directory must be a table customer -> list of her accounts")
        self._owners: dict[str, str] = {}
        for customer, owned in accounts.items():
            checked_name(customer, "a customer of a directory")
            if not isinstance(owned, list | tuple):
                raise UsageError(f"accounts of customer {customer!r} must be a list, as in ['twitter/4711']")
            for account in owned:
                checked_name(account, f"an account of customer {customer!r}")
                if self._owners.setdefault(account, customer) != customer:
                    raise UsageError(
                        f"customers {self._owners[account]!r} and {customer!r} have the same account"
                    )

    def __call__(self, network: str, author: str) -> str | None:
        """Return the id of whoever has this account; None: nobody known."""
        return self._owners.get(f"{network}/{author}" if network else author)


def identified(identify: Callable[[str, str], str | None]) -> Ask:
    """Return what asks *identify* alone, (network, author) -> customer id or None, for a `Lookup`."""

    def ask(network: str, author: str) -> CustomerFacts | None:
        id = identify(network, author)
        return None if id is None else CustomerFacts(id=id)

    return ask
