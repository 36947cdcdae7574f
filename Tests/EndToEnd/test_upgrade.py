"""Connections that stop being HTTP."""

import asyncio
import os
import socket

import websockets

from harness.stack import host


def test_a_websocket_echoes(stack):
    async def talk():
        url = f"ws://{host()}/websocket"
        async with websockets.connect(url, host="127.0.0.1", port=stack.port, max_size=None, compression=None) as ws:
            messages = ["hello", "", "ü" * 1000, b"\x00\xff" * 5, os.urandom(70_000), os.urandom(3_000_000)]
            for message in messages:
                await ws.send(message)
                assert await ws.recv() == message
            await (await ws.ping())

    asyncio.run(asyncio.wait_for(talk(), 60))


def test_many_websockets_at_once(stack):
    async def talk(number):
        url = f"ws://{host(1 + number % 2, 1 + number // 2 % 2)}/websocket"
        async with websockets.connect(url, host="127.0.0.1", port=stack.port, compression=None) as ws:
            for turn in range(20):
                await ws.send(f"{number} {turn}")
                assert await ws.recv() == f"{number} {turn}"

    async def all_of_them():
        await asyncio.gather(*(talk(number) for number in range(50)))

    asyncio.run(asyncio.wait_for(all_of_them(), 60))


def test_half_closes_pass_after_an_upgrade(stack):
    with stack.client() as client:
        answer = client.ask(host(), "/upgrade-raw", fields=["Connection: Upgrade", "Upgrade: counter"])
        assert (answer.status, answer.get("Upgrade")) == (101, "counter")
        assert client.reader.exactly(6) == b"ready\n"
        client.send(b"x" * 123_456)
        client.sock.shutdown(socket.SHUT_WR)
        assert b"".join(client.reader.rest()) == b"123456\n"


def test_bytes_sent_with_the_upgrade_request_are_not_lost(stack):
    with stack.client() as client:
        request = f"GET /upgrade-raw HTTP/1.1\r\nHost: {host()}\r\nConnection: Upgrade\r\nUpgrade: counter\r\n\r\n"
        client.send(request + "12345")
        assert client.answer().status == 101
        client.sock.shutdown(socket.SHUT_WR)
        assert b"".join(client.reader.rest()) == b"ready\n5\n"


def test_an_upgrade_that_the_container_declines_is_an_ordinary_answer(stack):
    with stack.client() as client:
        for _ in range(2):
            answer = client.ask(host(), "/i", fields=["Connection: Upgrade", "Upgrade: counter"])
            assert (answer.status, answer.body) == (200, b"container001_01")
