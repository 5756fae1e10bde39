"""`hubd route`: ranks tools for requests in words, offline."""

import json
import random

import pytest
import snowballstemmer

from harness.hub import hubd

TOOLS = [
    {"id": "a", "name": "listOrders", "description": "Lists orders", "inputSchema": {"type": "object", "properties": {"customer": {}}}},
    {"id": "b", "name": "get_forecast", "description": "The forecast", "server": "sky", "serverDescription": "Weather everywhere"},
    {"id": "c", "name": "send", "title": "Send mail", "tags": ["smtp"], "examples": ["tell my boss that I am late"]},
]


@pytest.fixture
def route(tmp_path):
    """Runs the command on lines, which are written as JSON unless they are text."""

    def run(tools, queries, *options):
        files = []
        for name, lines in [("tools", tools), ("queries", queries)]:
            file = tmp_path / f"{name}.jsonl"
            file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
            files += [f"--{name}", file]
        return hubd("route", *files, *options)

    return run


def test_it_prints_ids_and_ranks(route):
    queries = [{"id": "1", "query": "orders of a customer"}, {"id": "2", "query": "weather"}, {"id": "3", "query": "my boss"}, {"id": "4", "query": "quux"}]
    result = route(TOOLS, queries)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "1\ta\t1\n2\tb\t1\n3\tc\t1\n"


def test_empty_lines_are_left_out_and_the_last_needs_no_end(route, tmp_path):
    assert route(["", *TOOLS, " \r", ""], ["", {"id": "1", "query": "orders"}]).stdout == "1\ta\t1\n"
    (tmp_path / "q").write_text('{"id":"1","query":"orders"}')
    assert hubd("route", "--tools", tmp_path / "tools.jsonl", "--queries", tmp_path / "q").stdout == "1\ta\t1\n"
    assert route([], []).stdout == ""
    assert route([], [{"id": "1", "query": "orders"}]).returncode == 0


def test_top_says_how_many(route):
    tools = [{"id": f"t{number}", "name": f"copy{number}", "description": "copies"} for number in range(30)]
    query = [{"id": "1", "query": "copies"}]
    for top in (1, 3, 30):
        assert [line.split("\t")[2] for line in route(tools, query, "--top", str(top)).stdout.splitlines()] == [str(rank + 1) for rank in range(top)]
    assert len(route(tools, query).stdout.splitlines()) == 10
    for wrong in ("0", "-1", "1001", "x"):
        assert route(tools, query, f"--top={wrong}").returncode == 64


@pytest.mark.parametrize(
    "tools, queries, message",
    [
        ([TOOLS[0], "", "{"], [], "tools.jsonl:3: is not JSON"),
        (["[]"], [], "tools.jsonl:1: is no JSON object"),
        ([{"name": "x"}], [], 'tools.jsonl:1: needs "id"'),
        ([{"id": 7, "name": "x"}], [], 'tools.jsonl:1: needs "id"'),
        ([{"id": "x"}], [], 'tools.jsonl:1: needs "name"'),
        ([{"id": "a\tb", "name": "x"}], [], "tools.jsonl:1: has an"),
        ([TOOLS[0], TOOLS[0]], [], "tools.jsonl:2: has the"),
        (TOOLS, [{"id": "1", "query": "a"}, {"id": "2"}], 'queries.jsonl:2: needs "query"'),
        (TOOLS, [{"id": "1", "query": "a"}, {"id": "1", "query": "b"}], "queries.jsonl:2: has the"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(route, tools, queries, message):
    result = route(tools, queries)
    assert result.returncode == 1
    assert message in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path):
    result = hubd("route", "--tools", tmp_path / "none.jsonl", "--queries", tmp_path / "none.jsonl")
    assert result.returncode == 1 and "none.jsonl" in result.stderr
    assert hubd("route").returncode == 64


SUFFIXES = (
    "s es sses ies ied us ss ed eed ing edly eedly ingly ation ational ization izer ator alism aliti al alli fulness ful fulli ousness ous ousli "
    "iveness ive iviti biliti bli abli able ible enci ence anci ance entli ent li ogi ogist icate icate iciti ical ic ness ative alize ement ment ant "
    "ism ate iti ize ion er e l ll y ying at bl iz bb dd tt ing past"
).split()
BEGINNINGS = "generk communv arsenb interp laterq organv universk pastq emergw succ proc exc zyg y by qu".split()


def made_up_words(count: int) -> list[str]:
    """Words that no language has, with the ends that English has: the same each time."""
    chance = random.Random(23)
    words = set()
    while len(words) < count:
        word = chance.choice([*BEGINNINGS, "".join(chance.choice("bdgkpvwxz") + chance.choice("aeiouy") for _ in range(chance.randint(1, 2)))])
        words.add(word + chance.choice("bdgkptvxz") + "".join(chance.choice(SUFFIXES) for _ in range(chance.randint(1, 3))))
    return sorted(words)


def test_words_are_one_exactly_where_they_are_to_snowball(route):
    """A tool for each word, described by nothing else: a search for a word finds those with the same stem."""
    words = made_up_words(6_000)
    stems = dict(zip(words, snowballstemmer.stemmer("english").stemWords(words)))
    families = {}
    for word, stem in stems.items():
        families.setdefault(stem, set()).add(word)
    assert sum(len(family) > 1 for family in families.values()) > 500
    result = route(
        [{"id": word, "name": "n", "description": word} for word in words], [{"id": word, "query": word} for word in words], "--top", "1000")
    assert result.returncode == 0
    found = {}
    for line in result.stdout.splitlines():
        query, tool, _ = line.split("\t")
        found.setdefault(query, set()).add(tool)
    assert {word: found[word] for word in words if found[word] != families[stems[word]]} == {}
