"""Compares this crate with biip, an independent parser in Python.

Needs `pip install biip`. Run from the workspace root:
    cargo build --example elements -p stocksync-gs1
    python core/gs1/tests/differential_biip.py target/debug/examples/elements

Scans are made from a fixed seed: valid, damaged and oddly separated element strings and plain numbers. Every disagreement is
sorted into a class; a class that is not in the table of README.md makes the run fail.
"""

import collections
import random
import subprocess
import sys

import biip

GS = "\x1d"
KNOWN = {"repeated AI", "exclusive AIs", "empty value", "check digit", "date", "repetition dropped", "too long", "outer space"}


def check_digit(body):
    return str(-sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(reversed(body))) % 10)


def digits(rng, count):
    return "".join(rng.choice("0123456789") for _ in range(count))


def element(rng):
    """One AI, its value, and whether it needs a separator."""
    text = lambda most: "".join(rng.choice("ABCabc019-/.+_") for _ in range(rng.randint(1, most)))
    keyed = lambda count: (lambda body: body + check_digit(body))(digits(rng, count - 1))
    date = lambda: f"{rng.randint(0, 99):02}{rng.randint(0, 13):02}{rng.randint(0, 31):02}"
    return rng.choice(
        [
            lambda: ("00", keyed(18), False),
            lambda: ("01", keyed(14), False),
            lambda: ("02", keyed(14), False),
            lambda: ("10", text(22), True),
            lambda: (rng.choice(["11", "13", "15", "16", "17"]), date(), False),
            lambda: ("20", digits(rng, 2), False),
            lambda: ("21", text(20), True),
            lambda: ("30", digits(rng, rng.randint(1, 9)), True),
            lambda: ("37", digits(rng, rng.randint(1, 8)), True),
            lambda: (f"31{rng.randint(0, 6)}{rng.randint(0, 5)}", digits(rng, 6), False),
            lambda: (f"392{rng.randint(0, 9)}", digits(rng, rng.randint(1, 15)), True),
            lambda: (f"393{rng.randint(0, 9)}", "978" + digits(rng, rng.randint(1, 15)), True),
            lambda: ("400", text(30), True),
            lambda: (rng.choice(["410", "414"]), keyed(13), False),
            lambda: ("422", rng.choice(["276", "578", "826"]), True),
            lambda: ("7003", date() + f"{rng.randint(0, 24):02}{rng.randint(0, 59):02}", True),
            lambda: ("8003", "0" + keyed(13) + rng.choice(["", text(16)]), True),
            lambda: ("8005", digits(rng, 6), True),
            lambda: (str(rng.randint(90, 99)), text(30), True),
        ]
    )()


def scan(rng):
    if rng.random() < 0.15:
        body = digits(rng, rng.choice([11, 12, 13]))
        return body + (check_digit(body) if rng.random() < 0.8 else digits(rng, 1))
    parts = ["]C1"]
    for _ in range(rng.randint(1, 5)):
        ai, value, separated = element(rng)
        parts.append(ai + value + (GS if separated or rng.random() < 0.05 else ""))
    whole = "".join(parts)
    if rng.random() < 0.9:
        whole = whole.rstrip(GS)
    if rng.random() < 0.2:
        at = rng.randrange(3, len(whole))
        whole = whole[:at] + rng.choice(["", GS, " ", "0", "A"]) + whole[at + 1 :]
    return whole


def theirs(text):
    result = biip.parse(text)
    if text.startswith("]C1"):
        message = result.gs1_message
        return "".join(f"({e.ai.ai}){e.value}" for e in message.element_strings) if message else "opaque"
    return result.gtin.as_gtin_14() if result.gtin else "opaque"


def split(shown):
    return [part.split(")", 1) for part in shown.split("(") if part]


def classify(text, ours, other):
    """Why we keep an opaque code where biip reads elements. `?` is a disagreement nobody has looked at."""
    pairs = split(other)
    if ours != "opaque":
        return "repetition dropped" if [p for i, p in enumerate(pairs) if p not in pairs[:i]] == split(ours) else "?"
    if text[3:] != text[3:].strip(" "):
        return "outer space"
    values = dict(pairs)
    if len({tuple(pair) for pair in pairs}) > len(values):
        return "repeated AI"
    if any(value == "" for value in values.values()):
        return "empty value"
    prices = [n[:3] for n in values if n[:3] in ("392", "393")]
    measures = [n[:3] for n in values if n[:2] == "31"]
    if "01" in values and ("02" in values or "37" in values):
        return "exclusive AIs"
    if len(prices) > 1 or len(set(measures)) < len(measures):
        return "exclusive AIs"
    keys = [(value[:14] if ai == "8003" else value) for ai, value in pairs if ai[:2] in ("00", "01", "02", "41") or ai == "8003"]
    if any(key[-1] != check_digit(key[:-1]) for key in keys):
        return "check digit"
    if any(not is_time(value) for ai, value in pairs if ai == "7003"):
        return "date"
    predefined = ("00", "01", "02", "03", "04", "1", "20", "31", "32", "33", "34", "35", "36", "41")
    open_ended = [ai + value for ai, value in pairs if ai == "10" or not ai.startswith(predefined)]
    if any(part in text and part + GS not in text and not text.endswith(part) for part in open_ended):
        return "too long"
    return "?"


def is_time(value):
    month, day, hour, minute = (int(value[i : i + 2]) for i in (2, 4, 6, 8))
    return 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60


def main():
    rng = random.Random(20260101)
    scans = [scan(rng) for _ in range(20_000)]
    done = subprocess.run([sys.argv[1]], input="\n".join(scans) + "\n", capture_output=True, text=True, check=True)
    ours = done.stdout.splitlines()
    assert len(ours) == len(scans)
    classes, examples = collections.Counter(), collections.defaultdict(list)
    for text, mine in zip(scans, ours):
        try:
            other = theirs(text)
        except biip.ParseError:
            other = "opaque"
        if mine != other:
            name = classify(text, mine, other)
            classes[name] += 1
            examples[name].append((text, mine, other))
    print(f"{len(scans)} scans, {sum(m != 'opaque' for m in ours)} understood, {sum(classes.values())} disagreements")
    for name, count in classes.most_common():
        print(f"{count:6} {name}")
        for text, mine, other in examples[name][:3]:
            print(f"       {text!r}\n         ours {mine!r}\n         biip {other!r}")
    return 0 if set(classes) <= KNOWN else 1


if __name__ == "__main__":
    sys.exit(main())
