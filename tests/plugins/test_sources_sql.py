"""Source `sql`: what a database holds is what arrives, and its password goes nowhere."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

sa = pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed: pip install 'paretorec[sql]'")

from paretorec import ComponentRef, Engine, Registry  # noqa: E402
from paretorec.contracts import Tables  # noqa: E402
from paretorec.errors import ConfigError, DataError, MissingDependency  # noqa: E402


@pytest.fixture
def shop(tmp_path) -> Path:
    """A database with ids larger than a float's 53 bits, one of them missing."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute("create table log (user_id integer, item_id text, time text, price real, country text)")
        database.executemany(
            "insert into log values (?, ?, ?, ?, ?)",
            [
                (9007199254740993, "007", "2024-01-01 10:00:00", 1.5, "de"),
                (None, "008", "2024-01-02 10:00:00", None, "de"),
                (9007199254740995, "007", "2024-01-03 10:00:00", 2.5, "fr"),
            ],
        )
        database.execute("create table items (item_id text, title text)")
        database.execute("insert into items values ('007', 'tea')")
        database.execute("create table nobody (user_id integer)")
    return path


def source(**params):
    return Registry(files=()).build("source", ComponentRef(use="sql", params=params), "source").component


def load(shop: Path, **params) -> Tables:
    return source(url=f"sqlite:///{shop}", **{"interactions": "log", **params}).load()


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_a_table_arrives_whole_whatever_the_chunks(shop, chunk):
    tables = load(shop, items="items", chunk=chunk)
    log = tables.interactions
    assert [str(value) for value in log["user_id"]] == ["9007199254740993", "<NA>", "9007199254740995"]
    assert list(log["item_id"]) == ["007", "008", "007"]
    assert list(log["price"].to_numpy(float, na_value=-1)) == [1.5, -1.0, 2.5]
    assert tables.items["title"].tolist() == ["tea"]
    assert tables.users is None
    assert tables.origin == "table log"


def test_a_query_with_parameters_from_the_configuration_and_the_environment(shop, monkeypatch):
    monkeypatch.setenv("COUNTRY", "fr")
    tables = load(
        shop,
        interactions="select user_id, item_id, time from log where country = :country and price > :least",
        parameters={"country": "${COUNTRY}", "least": 2},
        items="select * from items",
    )
    assert len(tables.interactions) == 1
    assert tables.origin == "the query of source.params.interactions"


def test_a_schema_is_part_of_a_tables_name(shop):
    assert len(load(shop, interactions="main.log").interactions) == 3


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"interactions": "lgo"}, "table lgo cannot be read: no such table: lgo; correct source.params.interactions"),
        ({"interactions": "select nowhere"}, "the query of source.params.interactions cannot be read"),
        ({"interactions": "select * from log where price > :p"}, "cannot be read"),
        ({"interactions": "nobody"}, "table nobody gives no rows"),
        ({"items": "select * from log where 1 = 0"}, "the query of source.params.items gives no rows"),
        ({"interactions": "log; drop table log"}, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(shop, params, says):
    with pytest.raises(DataError) as caught:
        load(shop, **params)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_does_not_exist_is_not_made(tmp_path):
    with pytest.raises(DataError, match=r"none\.db: there is no such database"):
        load(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:hunter2@host/db",
        "postgresql://host/db?user=shop&password=hunter2",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dhunter2",
    ],
)
def test_a_password_in_the_configuration_is_refused_without_being_repeated(url):
    with pytest.raises(ConfigError, match=r"has a password in it.*write \$\{VARIABLE\}") as caught:
        source(url=url, interactions="log")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("no url", ConfigError, "is no SQLAlchemy URL"),
        ("${NOT_SET_ANYWHERE}", ConfigError, "the environment variable NOT_SET_ANYWHERE in it is not set"),
        ("sqlite:///${NOT_SET_ANYWHERE}/shop.db", ConfigError, "NOT_SET_ANYWHERE in it is not set"),
        ("nosuchdb://host/db", ConfigError, "SQLAlchemy knows no database 'nosuchdb'"),
        ("oracle+cx_oracle://host/db", MissingDependency, "needs cx_Oracle for oracle"),
    ],
)
def test_a_url_that_leads_nowhere_says_so(url, error, says):
    with pytest.raises(error) as caught:
        source(url=url, interactions="log")
    assert says in str(caught.value)


PASSWORD = "p@ss/w:rd é"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop_user:${SHOP_PASSWORD}@host:5432/shop",
        "${SHOP_URL}",
        "postgresql://host/shop?password=${SHOP_PASSWORD}",
    ],
)
def test_a_password_reaches_the_database_and_nobody_else(url, monkeypatch, caplog, capsys):
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    whole = sa.URL.create("postgresql", "shop_user", PASSWORD, "host", 5432, "shop")
    monkeypatch.setenv("SHOP_URL", whole.render_as_string(hide_password=False))
    reached = []

    class Refusing:
        """A database that answers with the credentials that it was given, as some drivers do."""

        def connect(self):
            raise sa.exc.OperationalError(
                "select",
                {},
                Exception(f"no connection to {reached[0].render_as_string(hide_password=False)}\n{PASSWORD!r}"),
            )

    def create(address, **options):
        reached.append(address)
        assert options["hide_parameters"]
        return Refusing()

    monkeypatch.setattr(sa, "create_engine", create)
    built = Registry(files=()).build("source", ComponentRef(use="sql", params={"url": url, "interactions": "log"}))
    given = reached[0]
    assert PASSWORD in (given.password, given.query.get("password"))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(DataError, match="table log cannot be read: no connection to") as caught:
        built.component.load()
    shown = [str(caught.value), caplog.text, *capsys.readouterr(), str(built.config), repr(built.component)]
    assert caught.value.__suppress_context__
    for text in shown:
        assert PASSWORD not in text
        assert "w%3Ard" not in text


def test_a_run_from_a_database_keeps_the_variable_and_not_its_value(tmp_path, monkeypatch):
    tables = Registry(files=()).build(
        "source", ComponentRef(use="simulated-store", params={"users": 80, "weeks": 12, "items": 40})
    )
    loaded = tables.component.load()
    folder = tmp_path / "secret-place"
    folder.mkdir()
    engine = sa.create_engine(f"sqlite:///{folder / 'shop.db'}")
    for name in ("interactions", "items", "users"):
        getattr(loaded, name).to_sql(name, engine, index=False)
    monkeypatch.setenv("SHOP_FOLDER", str(folder))
    params = {"url": "sqlite:///${SHOP_FOLDER}/shop.db", "interactions": "interactions", "items": "items"}
    config = {
        "source": {"use": "sql", "params": {**params, "users": "users", "chunk": 1000}},
        "data": dict(loaded.data),
        "encoders": [{"use": "popularity"}],
        "optimizer": {"use": "random"},
        "search": {"evaluations": 20},
    }
    Engine(config, registry=Registry(files=())).run(out=tmp_path / "run")
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or b"secret-place" not in path.read_bytes(), path
    assert "${SHOP_FOLDER}" in (tmp_path / "run" / "config.json").read_text()
