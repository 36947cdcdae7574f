"""WebSockets: a server that sends back what it receives (`serve PORT`), and clients that count what they lose
(`hold PORT HOST COUNT`, until standard input ends)."""

import asyncio
import json
import logging
import sys

import websockets


async def serve(port):
    logging.getLogger("websockets").setLevel(logging.CRITICAL)

    async def echo(socket, *_):
        async for message in socket:
            await socket.send(message)

    async with websockets.serve(echo, "127.0.0.1", port, ping_interval=None, compression=None, backlog=4096):
        await asyncio.Future()


async def hold(port, host, count):
    lost, rounds, opened = [], 0, 0
    over = asyncio.Event()
    gate = asyncio.Semaphore(50)

    async def one(number):
        nonlocal rounds, opened
        try:
            async with gate:
                socket = await websockets.connect(
                    f"ws://{host}/", host="127.0.0.1", port=port, ping_interval=None, compression=None, open_timeout=60
                )
            opened += 1
            while not over.is_set():
                await socket.send(str(number))
                if await asyncio.wait_for(socket.recv(), 60) != str(number):
                    raise ValueError("another message")
                rounds += 1
                await asyncio.sleep(1)
            await socket.close()
        except Exception as problem:  # noqa: BLE001
            lost.append(repr(problem))

    tasks = [asyncio.create_task(one(number)) for number in range(count)]
    while opened + len(lost) < count:
        await asyncio.sleep(0.05)
    print(json.dumps({"opened": opened}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    dropped = len(lost)
    over.set()
    await asyncio.gather(*tasks)
    print(json.dumps({"opened": opened, "dropped": dropped, "messages": rounds, "causes": sorted(set(lost))[:5]}), flush=True)


if sys.argv[1] == "serve":
    asyncio.run(serve(int(sys.argv[2])))
else:
    asyncio.run(hold(int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
