"""The manual of imports says what the program does: its options, headers, units and messages."""

import re
from pathlib import Path

import yaml

from app.exchange import headers, mapping, values
from app.firms.models import SOURCES

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
# What a sentence says before its remedy, with the values that are put in cut out.
SENTENCE = re.compile(r"f?\"([^\"]*[一-鿿][^\"]*?)：请")


def test_every_option_is_explained() -> None:
    source = (ROOT / "app" / "cli.py").read_text(encoding="utf-8")
    body = source[source.index("def import_(") : source.index('"""Import a .xlsx or .csv')]
    names = re.findall(r"^    (\w+): (?:Annotated|InLocale|AsJson)", body, re.MULTILINE)
    names.remove("kind")  # an argument
    assert len(names) >= 8
    for name in names:
        option = {"as_json": "json"}.get(name, name).replace("_", "-")
        assert f"`--{option}" in MANUAL, option


def test_every_header_source_and_unit_is_named() -> None:
    for spoken in headers.FIRM_HEADERS.values():
        for word in spoken:
            assert word in MANUAL or " " in word or word == "firm", word
    for source in SOURCES:
        assert source in MANUAL
    for unit in ("元", "千元", "万元", "百万元", "亿元"):
        assert unit in MANUAL and unit in values.YUAN


def test_the_example_of_a_mapping_is_the_one_that_ships() -> None:
    shipped = mapping.load("chongqing-registry")
    block = MANUAL.split("```yaml")[1].split("```")[0]
    example = yaml.safe_load(block)
    assert set(example) == {"columns", "missing", "regions"}
    assert example["columns"].items() <= shipped.columns.items()
    assert {str(v) if v else v for v in example["regions"].values()} <= set(
        shipped.regions.values()
    )


def test_every_message_has_its_line() -> None:
    """Some four characters of each sentence in the code, values cut out, stand in the tables."""
    told = set(fours(MANUAL))
    untold = [
        f"{file.name}: {sentence}"
        for file in sorted((ROOT / "app" / "exchange").glob("*.py"))
        for sentence in SENTENCE.findall(file.read_text(encoding="utf-8"))
        if (said := set(fours(re.sub(r"{[^}]*}|\d+", "\n", sentence)))) and not said & told
    ]
    assert not untold, "\n".join(untold)


def fours(text: str) -> list[str]:
    """Every run of four Chinese characters."""
    return re.findall("(?=([一-鿿]{4}))", text)
