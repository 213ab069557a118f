"""The few statements that every batch of messages runs, without the ORM's compiler, which costs more than the database:
reading a room takes 35 µs instead of 255, writing 100 messages 0.5 ms instead of 3.2.

Models and fields stay the only place that knows tables, columns and types.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model

M = TypeVar("M", bound=Model)


def select_in(model: type[M], *, lock: bool = False, **wanted: Collection[Any]) -> list[M]:
    """The rows whose fields have one of the wanted values, by primary key; `lock` holds them to the end of the
    transaction (on SQLite the transaction holds everything already)."""
    database = connections[DEFAULT_DB_ALIAS]  # not the proxy, which looks it up each time
    names, columns, conversions = _reading(model)
    fields = [model._meta.get_field(name) for name in wanted]
    where = " AND ".join(f"{_column(field)} IN ({', '.join(['%s'] * len(wanted[field.name]))})" for field in fields)
    statement = f"SELECT {columns} FROM {_table(model)} WHERE {where} ORDER BY {_column(model._meta.pk)}"
    if lock and database.features.has_select_for_update:
        statement += " FOR UPDATE"
    with database.cursor() as cursor:
        cursor.execute(statement, [value for values in wanted.values() for value in values])
        rows = [list(row) for row in cursor.fetchall()]
    for row in rows:
        for index, convert, expression in conversions:
            row[index] = convert(row[index], expression, database)
    return [model.from_db(DEFAULT_DB_ALIAS, names, row) for row in rows]


@cache
def _reading(model: type[Model]) -> tuple[list[str], str, list[tuple[int, Any, Any]]]:
    """The fields of a model, their columns, and what turns a value of the database into one of the field."""
    database = connections[DEFAULT_DB_ALIAS]
    fields = model._meta.concrete_fields
    expressions = [field.get_col(model._meta.db_table) for field in fields]
    conversions = [
        (index, convert, expression)
        for index, expression in enumerate(expressions)
        for convert in (*database.ops.get_db_converters(expression), *expression.get_db_converters(database))
    ]
    return [field.attname for field in fields], ", ".join(map(_column, fields)), conversions


def new(model: type[M], related: Mapping[str, Model | None], **fields: Any) -> M:
    """An unsaved row with these fields and related rows; all others are null, whatever their default.

    The constructor given every field by its place takes 4 µs for a message, and 10 by its name."""
    values = _blank(model) | fields
    for name, row in related.items():
        values[f"{name}_id"] = row.pk if row is not None else None
    made = model(*values.values())
    made._state.fields_cache.update(related)
    return made


@cache
def _blank(model: type[Model]) -> dict[str, None]:
    return dict.fromkeys(field.attname for field in model._meta.concrete_fields)


def insert_all(rows: Sequence[Model], *, as_they_are: bool = False) -> None:
    """Insert rows of one model; they do not learn their primary keys. What is null in all of them is left out. Those that
    come from elsewhere `as_they_are` keep the moments at which they were made."""
    if not rows:
        return
    fields = [
        field
        for field in rows[0]._meta.concrete_fields
        if not field.primary_key and not (field.null and all(getattr(row, field.attname) is None for row in rows))
    ]
    columns = ", ".join(map(_column, fields))
    database = connections[DEFAULT_DB_ALIAS]
    values = [
        field.get_db_prep_save(getattr(row, field.attname) if as_they_are else field.pre_save(row, True), database)
        for row in rows
        for field in fields
    ]
    with database.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(type(rows[0]))} ({columns}) VALUES {_marks(len(rows), len(fields))}", values
        )


def update_all(rows: Collection[Model], *names: str) -> None:
    """Write these fields of rows of one model."""
    if not rows:
        return
    model = type(next(iter(rows)))
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    table, pk = _table(model), _column(model._meta.pk)
    # column1, column2 … are what both databases call the columns of VALUES.
    settings = ", ".join(f"{_column(field)} = given.column{number}" for number, field in enumerate(fields, 2))
    database = connections[DEFAULT_DB_ALIAS]
    values = [
        each
        for row in rows
        for each in (row.pk, *(field.get_db_prep_save(getattr(row, field.attname), database) for field in fields))
    ]
    with database.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {settings} FROM (VALUES {_marks(len(rows), len(fields) + 1)}) AS given "
            f"WHERE {table}.{pk} = given.column1",
            values,
        )


@contextmanager
def without_waiting() -> Iterator[None]:
    """Send the statements within one after the other, and wait for all of them at the end, where raises what failed.

    A batch of messages has four whose answers nobody reads: on PostgreSQL one way there and back instead of four."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        yield
        return
    database.ensure_connection()
    with database.wrap_database_errors, database.connection.pipeline():
        yield


def _marks(rows: int, columns: int) -> str:
    return ", ".join([f"({', '.join(['%s'] * columns)})"] * rows)


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(field: Any) -> str:
    return connection.ops.quote_name(field.column)
