"""The wire: instructions in, answers out, as DYNAMIXEL devices give them."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from evoloco.bus import wire
from evoloco.bus.faults import SPOILS
from evoloco.bus.machine import Device, Event, Machine
from evoloco.bus.servo import Servo
from evoloco.bus.wire import BROADCAST, Error, Instruction, Packet

SILENCE = 0.5
"""Time for which a robot is followed after its bus fell silent [s]: watchdogs expire within it."""

PING, READ, WRITE = Instruction.PING, Instruction.READ, Instruction.WRITE
REG_WRITE, ACTION, REBOOT = Instruction.REG_WRITE, Instruction.ACTION, Instruction.REBOOT
SYNC_READ, SYNC_WRITE = Instruction.SYNC_READ, Instruction.SYNC_WRITE
BULK_READ, BULK_WRITE = Instruction.BULK_READ, Instruction.BULK_WRITE

ADDRESSED, NAMED = 4, 5
"""Bytes of an address and a count, and of these behind an id."""

MODEL_NUMBER, FIRMWARE, GOAL_POSITION = slice(0, 2), 6, 116
"""Addresses."""

ANSWERS_READS, ANSWERS_ALL = 1, 2
"""Status return levels at which pings and reads are answered, and all. A ping always is."""


class Bus:
    """Devices that share a wire.

    In lock-step, time passes with the exchanges: by a period where goal positions are written to
    several servos (SYNC_WRITE or BULK_WRITE), and where the same SYNC_READ or BULK_READ comes again
    though no time has passed.

    Args:
        machine: The devices.
        period: Time that an exchange takes [s]; None where time passes by itself.
        seed: Of what faults do to answers.
    """

    def __init__(self, machine: Machine, period: float | None, seed: int = 0) -> None:
        self.machine, self._period = machine, period
        self._random = np.random.default_rng((seed, 1))
        self._reader = wire.Reader()
        self._waiting: dict[int, tuple[int, bytes]] = {}
        self._read: dict[Packet, float] = {}
        self._late = b""

    def feed(self, data: bytes) -> bytes:
        """Takes bytes from the host, and returns those that the devices send."""
        sent = b""
        for packet in self._reader.feed(data):
            if self.machine.plugged:
                sent += self._obeyed(packet)
        return sent if self.machine.plugged else b""

    def fall_silent(self, step: float) -> None:
        """Follows the robot for a while after the last instruction, in steps of some time [s]."""
        self.machine.events.append(Event(self.machine.time, "silent"))
        for _ in range(round(SILENCE / step)):
            self.machine.advance(step)

    def _obeyed(self, packet: Packet) -> bytes:
        """What comes back for an instruction."""
        self.machine.hear()
        self._let_time_pass(packet)
        answers = list(self._answers(packet))
        self.machine.note()
        if not answers:
            return b""
        late, self._late = self._late, b""
        return late + b"".join(self._spoiled(answer) for answer in answers)

    def _let_time_pass(self, packet: Packet) -> None:
        """In lock-step, advances before a read of many devices that comes again."""
        if self._period is None or packet.instruction not in (SYNC_READ, BULK_READ):
            return
        if self._read.get(packet) == self.machine.time:
            self.machine.advance(self._period)
        self._read[packet] = self.machine.time

    # Instructions

    def _answers(self, packet: Packet) -> Iterator[Packet]:
        """Obeys an instruction, and yields the answers."""
        given = packet.parameters
        if packet.instruction == SYNC_READ and len(given) >= ADDRESSED:
            yield from self._read_all(
                (one, *_words(given[:ADDRESSED])) for one in given[ADDRESSED:]
            )
        elif packet.instruction == BULK_READ:
            yield from self._read_all((one[0], *_words(one[1:])) for one in _pieces(given, NAMED))
        elif packet.instruction == SYNC_WRITE and len(given) >= ADDRESSED:
            address, count = _words(given[:ADDRESSED])
            pieces = _pieces(given[ADDRESSED:], count + 1)
            self._write_all([(one[0], address, one[1:]) for one in pieces])
        elif packet.instruction == BULK_WRITE:
            self._write_all(list(_bulk(given)))
        else:
            for device in self._addressed(packet.id):
                answer = self._one(device, packet.instruction, given)
                asks = packet.instruction in (PING, READ)
                if packet.instruction == PING or (packet.id != BROADCAST and _talks(device, asks)):
                    yield answer

    def _one(self, device: Device, instruction: int, given: bytes) -> Packet:
        """Obeys an instruction for one device, and returns the answer."""
        if instruction == PING:
            found = device.registers.memory
            return _status(device, bytes([*found[MODEL_NUMBER], found[FIRMWARE]]))
        if instruction == READ:
            return (
                self._reading(device, *_words(given))
                if len(given) == ADDRESSED
                else _status(device, error=Error.LENGTH)
            )
        if instruction in (WRITE, REG_WRITE) and len(given) > 2:
            address, data = int.from_bytes(given[:2], "little"), given[2:]
            if instruction == REG_WRITE:
                self._waiting[device.id] = address, data
                return _status(device)
            return _status(device, error=device.write(address, data))
        if instruction == ACTION:
            address, data = self._waiting.pop(device.id, (0, b""))
            return _status(device, error=device.write(address, data) if data else Error.RESULT)
        if instruction == REBOOT and isinstance(device, Servo):
            device.reboot()
            return _status(device)
        return _status(device, error=Error.INSTRUCTION)

    def _read_all(self, wanted: Iterable[tuple[int, int, int]]) -> Iterator[Packet]:
        """Answers of several devices, each of which waits for the one before."""
        for one, address, count in wanted:
            device = self._alive(one)
            if device is None:
                return
            yield self._reading(device, address, count)

    def _write_all(self, written: Sequence[tuple[int, int, bytes]]) -> None:
        """Writes to several devices, which do not answer; in lock-step, goals take their time."""
        for one, address, data in written:
            device = self._alive(one)
            if device is not None:
                device.write(address, data)
        if self._period is not None and any(_moves(address, data) for _, address, data in written):
            self.machine.note()
            self.machine.advance(self._period)

    def _reading(self, device: Device, address: int, count: int) -> Packet:
        """The answer of a device that is asked for some bytes."""
        data = device.registers.read(address, count)
        return _status(device, error=Error.ACCESS) if data is None else _status(device, data)

    def _addressed(self, one: int) -> list[Device]:
        """The living devices that an id means."""
        ids = self.machine.devices if one == BROADCAST else [one]
        return [device for device in map(self._alive, ids) if device is not None]

    def _alive(self, one: int) -> Device | None:
        """The device of an id; None where it does not answer."""
        dead = any(fault.kind == "dead" for fault in self.machine.lasting(one))
        return None if dead else self.machine.devices.get(one)

    def _spoiled(self, answer: Packet) -> bytes:
        """The bytes of an answer, after what faults do to it."""
        sent = answer.encode()
        for fault in self.machine.lasting(answer.id):
            if fault.kind in SPOILS:
                sent = SPOILS[fault.kind](sent, self._random)
            elif fault.kind == "late_answers":
                self._late, sent = self._late + sent, b""
        return sent


def _status(device: Device, data: bytes = b"", error: int = Error.NONE) -> Packet:
    """An answer of a device."""
    return wire.status(device.id, data, error | (wire.ALERT if device.alert else 0))


def _talks(device: Device, asks: bool) -> bool:
    """Whether a device answers an instruction, which asks for something or not."""
    level = device.registers["status_return_level"] if isinstance(device, Servo) else ANSWERS_ALL
    return level == ANSWERS_ALL or (level == ANSWERS_READS and asks)


def _moves(address: int, data: bytes) -> bool:
    """Whether data at an address reach a servo's goal position."""
    return address <= GOAL_POSITION < address + len(data)


def _words(given: bytes) -> tuple[int, int]:
    """Address and count, of two bytes each."""
    return int.from_bytes(given[:2], "little"), int.from_bytes(given[2:4], "little")


def _pieces(given: bytes, size: int) -> list[bytes]:
    """Parameters in pieces; a last one that is too short is left out."""
    return [given[start : start + size] for start in range(0, len(given) - size + 1, size)]


def _bulk(given: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Ids, addresses and data of a BULK_WRITE."""
    while len(given) >= NAMED:
        address, count = _words(given[1:NAMED])
        yield given[0], address, given[NAMED : NAMED + count]
        given = given[NAMED + count :]
