"""Searches a model behind this server twice: left alone, then with its server and its worker killed in the middle, each of them twice.
Compares what both have stored.

    python servers/diffusers/examples/kill_search.py MODELS MODEL PRECISION [flags of qsched search]

Runs in a checkout of qsched after `npm run build`. Prints one line; ends with 1 if anything differs.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

ROOT = Path(__file__).resolve().parents[3]
QSCHED = ["node", str(ROOT / "dist" / "cli" / "main.js")]
#: What of a search must not depend on who computed it, and when.
TRIALS = "select stage, number, candidate_id, point, status, score, tc, iq, pairs from trials where search_id = ? order by stage, number"
EVALUATIONS = "select key, context_id, candidate_id, prompt_id, seed, status, reason, terms from evaluations where search_id = ? order by key"
SCORED = "select count(*) from trials where stage = 'calibration' and status in ('ok', 'raced')"
#: Who is killed, as soon as so many trials are scored.
KILLS = [("qsched-server", 1), (" worker ", 2), ("qsched-server", 4), (" worker ", 5)]


def main() -> None:
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    models, model, precision, *flags = sys.argv[1:]
    env = {**os.environ, "QSCHED_MODELS": str(Path(models).resolve())}
    search = [*QSCHED, "search", "--model", model, "--precision", precision, "--allow-server", "--json", *flags]
    subprocess.run([*QSCHED, "describe", model, "--allow-server"], env={**env, "QSCHED_DATA": mkdtemp()}, check=True, stdout=subprocess.DEVNULL)
    result, whole, alone = run(search, env, [])
    _, other, killed = run(search, env, KILLS)
    same, held = whole == other, result["heldOut"]
    print(
        f"{model} {precision}: {len(whole[0])} trials, {len(whole[1])} evaluations in {alone:.0f} s, {killed:.0f} s with {len(KILLS)} kills; "
        f"recommends {held['recommend']}, held-out gain {held['gain']:.4f}; {'equal' if same else 'DIFFERENT'}"
    )
    sys.exit(0 if same else 1)


def run(search: list[str], env: dict, kills: list[tuple[str, int]]) -> tuple[dict, list, float]:
    """The result of a search, what it has stored, and its seconds."""
    data = Path(mkdtemp(prefix="qsched-killed-"))
    begin, log = time.monotonic(), data / "log"
    with log.open("w") as said:
        running = subprocess.Popen(search, env={**env, "QSCHED_DATA": str(data)}, stdout=subprocess.PIPE, stderr=said, text=True)
    for name, trials in kills:
        while ask(data, SCORED)[0][0] < trials:
            if running.poll() is not None:
                sys.exit(f"the search ended before {trials} trials were scored: raise --budget\n{log.read_text()}")
            time.sleep(0.05)
        victim = wait_for(running.pid, name)
        os.kill(victim, signal.SIGKILL)
    output, _ = running.communicate()
    if running.returncode != 0:
        sys.exit(f"the search ended with {running.returncode}:\n{log.read_text()}")
    result = json.loads(output)
    return result, [ask(data, sql, result["searchId"]) for sql in (TRIALS, EVALUATIONS)], time.monotonic() - begin


def wait_for(ancestor: int, name: str) -> int:
    """A process below another whose command holds a name; it may be about to start again."""
    while True:
        table = {}
        for line in subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout.splitlines():
            pid, parent, command = line.strip().split(None, 2)
            table[int(pid)] = (int(parent), command)
        for pid, (parent, command) in table.items():
            while parent in table and parent != ancestor:
                parent = table[parent][0]
            if parent == ancestor and name in command:
                return pid
        time.sleep(0.05)


def ask(data: Path, sql: str, *values: str) -> list:
    try:
        database = sqlite3.connect(f"file:{data / 'qsched.db'}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(sql, values).fetchall()
        finally:
            database.close()
    except sqlite3.OperationalError:
        return [(0,)]  # the tables are not there yet


if __name__ == "__main__":
    main()
