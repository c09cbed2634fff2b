"""Which customer wrote it? Her account, or whose account it is, as far as somebody knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from workassign.social.latest import Latest
from workassign.social.mentions import Mention, key_of
from workassign.social.people.customers import CustomerFacts

if TYPE_CHECKING:
    from workassign.social.people.crm import Answer

__all__ = ["Acquaintances", "Customers", "Identify"]

Customers: TypeAlias = Callable[[str, str], "Answer"]
"""(network, author) -> what is known of her: a `Lookup`'s own `lookup`."""
Identify: TypeAlias = Callable[[str, str], str | None]
"""(network, author) -> the customer whose account that is; None: nobody known."""


class Acquaintances:
    """Knows customers, and remembers whose account was whose; bounded."""

    def __init__(self, customers: Customers | None, identify: Identify | None, most: int) -> None:
        """Ask *customers* and *identify*, where there are such; remember *most* accounts."""
        self._customers, self._identify = customers, identify
        self._owners = Latest[str, str](most)
        """Account -> the customer that the CRM says it is."""
        self.lookups: dict[str, int] = {}
        """How answers of the CRM came about -> how often."""

    def who(self, mention: Mention) -> str | None:
        """Return who wrote it: her account, where nobody knows better; None: nobody knows. Asks no CRM."""
        if mention.author is None:
            return None
        account = key_of(mention.network, mention.author)
        if self._identify is not None and (owner := self._identify(mention.network, mention.author)):
            return owner
        return self._owners.get(account) or account

    def ask(self, mention: Mention) -> tuple[CustomerFacts | None, str | None]:
        """Return what the CRM knows, and how that came about; an id of hers is remembered."""
        if self._customers is None or mention.author is None:
            return None, None
        answer = self._customers(mention.network, mention.author)
        self.lookups[answer.how] = self.lookups.get(answer.how, 0) + 1
        if answer.facts is not None and answer.facts.id is not None:
            self._owners.put(key_of(mention.network, mention.author), answer.facts.id)
        return answer.facts, answer.how
