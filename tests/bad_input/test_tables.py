"""Tables that are not as they should be, through the command line."""

import json

import pandas as pd
import pytest


def report(shell):
    return json.loads((shell.folder / "out" / "data.json").read_text())["report"]


def test_what_can_be_repaired_is_repaired_and_what_is_lost_is_counted(shell, log):
    """One run with every fault that a run survives."""
    items = log["item_id"].astype(int).map("{:03d}".format)
    log = log.assign(item_id=items, user_id=log["user_id"] + ".0", amount="2.5", bought="1")
    log.loc[log.index[:4], "user_id"] = ""
    log.loc[log.index[4:7], "time"] = ""
    log.loc[log.index[7:12], "time"] = "soon"
    log.loc[log.index[12:14], "amount"] = "-3"
    log.loc[log.index[14:20], "amount"] = ""
    log.loc[log.index[20:23], "amount"] = "inf"
    shell.write("log.csv", pd.concat([log, log.iloc[100:150]]))
    catalogue = pd.DataFrame({"item_id": sorted(set(items)), "kind": "a", "price": "2"}).iloc[:30]
    catalogue.loc[[3, 4], "price"] = ""
    shell.write("items.csv", pd.concat([catalogue, catalogue.iloc[:5]]))
    shell.configure(
        params='items = "items.csv"',
        data='categories = ["kind"]\nnumbers = ["price"]\n'
        '[data.events.purchase]\ncolumn = "bought"\n[data.events.sales]\ncolumn = "amount"\nkind = "amount"',
    )
    answer = shell("run", "run.toml", "--out", "out")
    assert answer.code == 0, answer.err
    assert "log.csv: 14 of 1550 rows dropped: 4 with missing user id (first: row 1)" in answer.err
    assert "5 with unparsable time (first: row 8, value 'soon')" in answer.err

    told = report(shell)
    assert told["dropped"] == {"missing user id": 4, "missing time": 3, "unparsable time": 5, "sales below 0": 2}
    assert told["examples"]["unparsable time"] == {"row": 8, "value": "soon"}
    assert told["examples"]["sales below 0"] == {"row": 13, "value": "-3.0"}
    assert told["examples"]["sales is not a number"] == {"row": 21, "value": "inf"}
    assert told["not_observed"] == {"sales": 9}
    assert told["repaired"]["user id: number with .0 taken as whole"] == 1546
    assert told["repaired"]["item id: leading zeros kept"] == 1550
    assert told["repaired"]["rows equal in user, item and time merged"] == 50
    assert told["repaired"]["items table: equal rows merged"] == 5
    assert told["repaired"]["items without attributes: filled"] == 10
    assert told["filled"]["items.price"] == {"rows": 12, "with": 2.0}
    assert told["rows"] == 1550 - 14 - 50

    lists = json.loads(shell("recommend", "out", "--users", "12", "--json").out)
    assert {row["basis"] for row in lists} == {"history"}
    assert all(len(row["item_id"]) == 3 for row in lists)


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        (None, ["log.csv: there is no such file"]),
        ("", ["log.csv is empty", "header"]),
        ("user_id,item_id,time\n", ["log.csv has a header but no rows"]),
        ("user_id;item_id;time\n1;2;3\n", ["log.csv", "source.params.delimiter = ';'"]),
        ("user_id,item_id,time\n1,2,3\n1,2,3,4,5\n", ["log.csv", "line 3", "repair that line"]),
        (b"user_id,item_id,time\n\xff,2,3\n", ["log.csv", "source.params.encoding"]),
        ("user_id,product,time\n1,2,3\n", ["log.csv: column 'item_id'", "[data] item", "user_id, product, time"]),
        ("user_id,item_id,time\n,2,3\n,2,4\n", ["log.csv: no row is left of 2", "2 with missing user id"]),
        ("user_id,item_id,time\nu,a,2024-01-01\nu,b,2024-02-01\n", ["log.csv has one user only", "[data] user"]),
    ],
    ids=["absent", "empty", "header", "delimiter", "ragged", "encoding", "column", "no row", "one user"],
)
def test_files_that_are_no_log_are_refused(shell, content, fragments):
    if content is not None:
        shell.write("log.csv", content)
    shell.configure()
    shell.run_refused(*fragments)


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("item_id", "", "300 with missing item id (first: row 11)"),
        ("time", "", "300 with missing time (first: row 11)"),
        ("time", "soon", "300 with unparsable time (first: row 11, value 'soon')"),
        ("amount", "-1", "300 with sales below 0 (first: row 11, value '-1.0')"),
        ("amount", "cheap", "300 with no label (first: row 11, value 'cheap')"),
    ],
)
def test_too_many_dropped_rows_are_an_error(shell, log, column, value, sentence):
    log = log.assign(amount="1")
    log.loc[log.index[10:310], column] = value
    shell.write("log.csv", log)
    shell.configure(data='[data.events.sales]\ncolumn = "amount"\nkind = "amount"')
    shell.run_refused("log.csv: 300 of 1500 rows (20.0%)", sentence, "max_dropped = 0.05")


@pytest.mark.parametrize(
    ("items", "data", "fragments"),
    [
        (
            "item_id,kind\n1,a\n2,b\n1,c\n",
            'categories = ["kind"]',
            ["the items table has '1' twice", "'kind' is 'a' in row 1 and 'c' in row 3", "keep one"],
        ),
        ("id,kind\n1,a\n", 'categories = ["kind"]', ["items table: column 'item_id'", "[data] item", "id, kind"]),
        ("item_id,kind\n1,a\n", 'categories = ["sort"]', ["column 'sort'", "[data] categories", "item_id, kind"]),
        ("item_id,kind\n1,a\n", 'numbers = ["kind"]', ["column 'kind' is not numeric", "categories"]),
        (None, 'categories = ["kind"]', ["[data] categories", "no such table"]),
    ],
    ids=["twice", "no id", "no column", "no number", "no table"],
)
def test_item_tables_that_cannot_be_meant_are_refused(shell, log, items, data, fragments):
    shell.write("log.csv", log)
    if items is not None:
        shell.write("items.csv", items)
    shell.configure(params='items = "items.csv"' if items is not None else "", data=data)
    shell.run_refused(*fragments)
