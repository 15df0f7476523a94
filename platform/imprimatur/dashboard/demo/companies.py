"""Who and what the demo companies are: people, brands, subjects, and the state of the rights to each.

Together they show every colour of the rights light: covered, ending soon, expired, revoked, and waiting for somebody.
Everybody and everything here is invented; the pictures are drawings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from imprimatur.tenants.permissions import Role

# A company's own picture; a person's consent, running, ending soon, run out or taken back; a mark's licence, running or
# not verified yet.
Right = Literal["own_work", "consent", "ending", "expired", "revoked", "licence", "draft_licence"]


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member. The e-mail address is `<mailbox>@<slug>.example`."""

    mailbox: str
    name: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, kw_only=True)
class DemoSubject:
    """A product or person with one picture (`pictures/<picture>.png`) and the right to it."""

    name: str
    word: str
    picture: str
    right: Right
    mark: str = ""

    @property
    def is_person(self) -> bool:
        """Whether the picture shows somebody."""
        return self.word == "person"


@dataclass(frozen=True, kw_only=True)
class Company:
    """A tenant of the demo. `language`: of its people's pages."""

    slug: str
    name: str
    language: str
    brand: str
    people: tuple[Person, ...]
    subjects: tuple[DemoSubject, ...]


def _people(owner: str, creator: str, reviewers: tuple[str, str], rights: str) -> tuple[Person, ...]:
    return (
        Person(mailbox="owner", name=owner, roles=(Role.OWNER,)),
        Person(mailbox="creator", name=creator, roles=(Role.CREATOR,)),
        Person(mailbox="reviewer1", name=reviewers[0], roles=(Role.REVIEWER,)),
        Person(mailbox="reviewer2", name=reviewers[1], roles=(Role.REVIEWER,)),
        Person(mailbox="rights", name=rights, roles=(Role.RIGHTS_MANAGER,)),
    )


AOZORA: Final = Company(
    slug="aozora",
    name="Aozora Tea アオゾラ茶舗",
    language="en",
    brand="Aozora Tea",
    people=_people("Sora Aoyama", "Hana Midori", ("Kei Kuroki", "Yui Shirai"), "Jun Akagi"),
    subjects=(
        DemoSubject(name="Clover teapot", word="teapot", picture="clover-teapot", right="own_work"),
        DemoSubject(name="Wave mug", word="mug", picture="wave-mug", right="own_work"),
        DemoSubject(name="Comet bottle", word="bottle", picture="comet-bottle", right="licence", mark="COMET"),
        DemoSubject(name="Mika", word="person", picture="mika-person", right="consent"),
        DemoSubject(name="Ren", word="person", picture="ren-person", right="expired"),
        DemoSubject(name="Aki", word="person", picture="aki-person", right="revoked"),
    ),
)
NORTHWIND: Final = Company(
    slug="northwind",
    name="Northwind Outdoor ノースウィンド",
    language="ja",
    brand="Northwind Outdoor",
    people=_people("北川 航", "森野 葵", ("岸 直人", "浜口 凛"), "峰 誠"),
    subjects=(
        DemoSubject(name="ピクニックバッグ", word="bag", picture="picnic-bag", right="own_work"),
        DemoSubject(
            name="エンバースニーカー", word="sneaker", picture="ember-sneaker", right="draft_licence", mark="EMBER"
        ),
        DemoSubject(name="ミカ", word="person", picture="mika-person", right="ending"),
        DemoSubject(name="レン", word="person", picture="ren-person", right="expired"),
        DemoSubject(name="アキ", word="person", picture="aki-person", right="revoked"),
    ),
)
COMPANIES: Final = (AOZORA, NORTHWIND)
