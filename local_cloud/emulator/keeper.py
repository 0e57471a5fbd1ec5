"""Saves what the emulator holds in memory, and loads it as a new process starts.

The emulator's own saving would not do: it happens only when the emulator ends without a crash, and includes stacks in
the middle of a change, which a new process could not finish. Its own loading would continue without what it can't read,
and the next save would then overwrite it. Objects of S3 are files from the start (S3_PERSIST).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ministack.core import persistence
from ministack.services import cloudformation, lambda_svc, sqs

from .patches import expect, expect_parameters

SAVE_SECONDS, MAX_SAVE_SECONDS = 0.5, 5.0  # between two saves
_SHARE_OF_TIME = 0.05  # that saving takes of the emulator's time at most, up to MAX_SAVE_SECONDS: saved logs grow
_SAVES_AFTER_A_REQUEST = 2  # a request may start background work, which the second save includes
_STABLE = "REVIEW_IN_PROGRESS"  # a stack that exists only as a change set: nothing changes it


class Keeper:
    """Saves about twice a second, while requests come in."""

    def __init__(self, emulator: ModuleType) -> None:
        """`emulator` is the module `ministack.app`. Raises PatchError if this does not fit it."""
        expect(emulator.PERSIST_STATE, "persistence that is switched on")
        expect_parameters(emulator.save_all, "services")
        expect_parameters(emulator._build_persistence_save_dict)
        expect(isinstance(emulator._state_map, dict), "a map of the services that have a state")
        logging.getLogger("persistence").setLevel(logging.WARNING)  # it logs a line for each service and save
        self._emulator = emulator
        self._due = _SAVES_AFTER_A_REQUEST
        self._saved_stacks = ""
        self._loaded = False
        expect_parameters(emulator._load_persisted_state)
        emulator.__dict__["_load_persisted_state"] = self._load
        _hash_code_once()
        _deliver_again_what_was_in_flight()

    def notice(self) -> None:
        """Note that a request was answered, so that something may have changed."""
        self._due = _SAVES_AFTER_A_REQUEST

    async def run(self) -> None:
        """Save again and again."""
        took = 0.0
        while True:
            await asyncio.sleep(min(max(SAVE_SECONDS, took / _SHARE_OF_TIME), MAX_SAVE_SECONDS))
            if self._due and self._loaded:
                self._due -= 1
                began = time.perf_counter()
                self.save()
                took = time.perf_counter() - began

    def _load(self) -> None:
        """Load everything that was saved. Ends the process if that is impossible, because the server would continue."""
        for name, module in self._emulator._state_map.items():
            saved = Path(persistence.STATE_DIR) / f"{name}.json"
            if not saved.exists():
                continue
            state = persistence.load_state(name)
            if state is None:
                print(f"{saved} can't be read: put a copy of it there, or start anew with `make reset`", flush=True)
                os._exit(1)
            self._emulator._get_module(module).load_persisted_state(state)
        self._loaded = True

    def save(self) -> None:
        """Save everything, except while a stack changes: then what was saved before the change stays."""
        if not self._loaded:
            return
        stacks: list[dict[str, Any]] = cloudformation._stacks.all_values()
        if any(_is_changing(stack) for stack in stacks):
            self._due = _SAVES_AFTER_A_REQUEST
            return
        states = self._emulator._build_persistence_save_dict()
        # The largest state by far: its resources, events and outputs change only together with these.
        now = f"{[_short_values(stack) for stack in stacks]} {len(cloudformation._change_sets.all_values())}"
        if now == self._saved_stacks:
            states.pop("cloudformation", None)
        self._emulator.save_all(states)
        self._saved_stacks = now


def _is_changing(stack: dict[str, Any]) -> bool:
    status = stack["StackStatus"]
    return bool(status.endswith("_IN_PROGRESS") and status != _STABLE)


def _short_values(stack: dict[str, Any]) -> dict[str, str | bool]:
    """Its status, times, protection and the like."""
    return {name: value for name, value in stack.items() if isinstance(value, str | bool)}


def _hash_code_once() -> None:
    """Don't hash a hundred megabytes of functions at each save: their files are named by their hash."""
    original = lambda_svc._write_code_blob
    expect_parameters(original, "code_zip")
    digest = lru_cache(maxsize=16)(lambda content: hashlib.sha256(content).hexdigest())

    def write(code_zip: bytes) -> str:
        name: str = digest(code_zip)
        if not (Path(lambda_svc.CODE_BLOB_DIR) / f"{name}.zip").exists():
            original(code_zip)
        return name

    lambda_svc._write_code_blob = write


def _deliver_again_what_was_in_flight() -> None:
    """Make messages visible whose receiver ended with the emulator: some would stay invisible for an hour and more."""
    original = sqs.load_persisted_state
    expect_parameters(original, "data")

    def load(data: dict[str, Any]) -> None:
        original(data)
        for queue in sqs._queues.all_values():
            for message in queue["messages"]:
                if message.get("receipt_handle"):
                    message["visible_at"] = min(message["visible_at"], time.time())

    sqs.load_persisted_state = load
