"""Which desk is a mention for, and is it open? Several brands and handles, each with its own hours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import attrs

from workassign.errors import PlanError
from workassign.hours import Calendar
from workassign.model import Instant
from workassign.needs import checked_name
from workassign.plan import Plan
from workassign.social.conditions import READ
from workassign.social.mentions import Mention
from workassign.social.replying.replies import Replies

__all__ = ["ANNOUNCED", "Desks", "HelpDesk"]

ANNOUNCED = ("opened", "closed", "duty")
"""What a desk can announce: that it opened, that it closed, who is there."""

_AT = re.compile(r"(?<![\w@./])@(\w[\w.\-]*(?:@[\w.\-]+)?)")


@attrs.frozen(kw_only=True)
class HelpDesk:
    """People who answer for one brand or more, under their handles and at their hours.

    Raises:
        ValueError: If nothing would find it, or it announces what there is not.
    """

    handles: tuple[str, ...] = ()
    """Handles, addresses and inboxes, without an @; `network/handle` for one network alone."""
    brands: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    """Who serves one of these works here."""
    calendar: str | None = None
    """The plan's calendar that has its hours; None: it is always open."""
    announce: Mapping[str, str] = attrs.field(factory=dict)
    """opened, closed, duty -> the id of the reply that says so."""

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        if not self.handles and not self.brands:
            raise ValueError("must have a handle or a brand: nothing would ever be for it")
        for handle in self.handles:
            checked_name(handle, "a handle")
            if handle.startswith("@") or "/@" in handle:
                raise ValueError(f"a handle is written without its @, not {handle[:40]!r}")
        for kind in self.announce:
            if kind not in ANNOUNCED:
                raise ValueError(f"announce has {kind[:40]!r}; there are {', '.join(ANNOUNCED)}")


class Desks:
    """The desks of a plan file: whose is a mention, who is open when."""

    def __init__(
        self,
        desks: Mapping[str, HelpDesk],
        plan: Plan,
        replies: Replies | None = None,
        path: str = "mentions.desks",
    ) -> None:
        """Keep *desks* by name, checked against *plan*; *path* is where they stand in the plan file.

        Raises:
            PlanError: If a queue, a calendar or a reply is unknown, or two desks have one handle or brand.
        """
        self.by_name: Mapping[str, HelpDesk] = MappingProxyType(dict(desks))
        self._handles: dict[str, str] = {}
        self._brands: dict[str, str] = {}
        problems = [f"{path}.{problem}" for problem in self._problems(plan, replies)]
        if problems:
            raise PlanError(problems)
        self._calendars = plan.calendars

    def _problems(self, plan: Plan, replies: Replies | None) -> Iterator[str]:
        """Yield what is wrong, and take up what each desk has."""
        for name, desk in self.by_name.items():
            for what, words, taken in (
                ("handles", desk.handles, self._handles),
                ("brands", desk.brands, self._brands),
            ):
                for word in words:
                    if (owner := taken.setdefault(word.casefold(), name)) != name:
                        yield f"{name}.{what}: {word!r} is that of {owner!r} already"
            for queue in desk.queues:
                if queue not in plan.queues:
                    yield f"{name}.queues: there is no queue {queue!r}"
            if desk.calendar is not None and desk.calendar not in plan.calendars:
                yield f"{name}.calendar: there is no calendar {desk.calendar!r}"
            for kind, reply in desk.announce.items():
                if replies is not None and reply not in replies:
                    yield f"{name}.announce.{kind}: there is no reply {reply[:40]!r}"

    def of(self, mention: Mention) -> str | None:
        """Return the name of the desk that *mention* is for, None if it is for none.

        It is the one to whose handle it came, else that of its brand, else the first whose
        handle is in the text behind an @. Upper and lower case are the same. Cost: O(1), and for
        the text its first 10,000 characters.
        """
        if mention.to is not None and (desk := self._by_handle(mention.to, mention.network)) is not None:
            return desk
        if mention.brand is not None and (desk := self._brands.get(mention.brand.casefold())) is not None:
            return desk
        if not self._handles or "@" not in mention.text:
            return None
        for found in _AT.finditer(mention.text[:READ]):
            if (desk := self._by_handle(found[1].rstrip(".-"), mention.network)) is not None:
                return desk
        return None

    def _by_handle(self, handle: str, network: str) -> str | None:
        handle = handle.removeprefix("@").casefold()
        return self._handles.get(f"{network.casefold()}/{handle}") or self._handles.get(handle)

    def is_open(self, desk: str, at: Instant) -> bool:
        """Whether *desk* is open at *at*."""
        calendar = self.calendar(desk)
        return calendar is None or calendar.is_open(at)

    def next_change(self, desk: str, at: Instant) -> Instant:
        """Return when *desk*, as it is at *at*, closes or opens next: after *at*, infinite if never."""
        calendar = self.calendar(desk)
        if calendar is None:
            return float("inf")
        return calendar.next_closing(at) if calendar.is_open(at) else calendar.next_opening(at)

    def calendar(self, desk: str) -> Calendar | None:
        """Return the hours of *desk*; None: it is always open."""
        name = self.by_name[desk].calendar
        return None if name is None else self._calendars[name]
