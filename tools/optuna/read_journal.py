"""Reads a journal of `qsched export-optuna` with Optuna and with optuna-dashboard, and prints what they found as JSON.

    pip install -r tools/optuna/requirements.txt
    python tools/optuna/read_journal.py shapes-w4a8-auto-c75c9d3e.journal
    python tools/optuna/read_journal.py test/golden/optuna/known.journal > test/golden/optuna/known.json
"""
import io
import json
import sys

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna_dashboard import get_note, wsgi

optuna.logging.set_verbosity(optuna.logging.ERROR)


def get(app, path):
    """The JSON of a page of optuna-dashboard's API, without a server."""
    status = []
    environment = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
        "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": True,
    }
    body = b"".join(app(environment, lambda line, headers, *_: status.append(line)))
    assert status[0].startswith("200"), (path, status, body[:200])
    return json.loads(body)


storage = JournalStorage(JournalFileBackend(sys.argv[1]))
study = optuna.load_study(study_name=None, storage=storage)
app = wsgi(storage)
(summary,) = get(app, "/api/studies")["study_summaries"]
detail = get(app, f"/api/studies/{summary['study_id']}")
trials = [
    {
        "state": trial.state.name.lower(),
        "value": None if trial.values is None else trial.values[0],
        "params": trial.params,
        "low": [distribution.low for distribution in trial.distributions.values()],
        "high": [distribution.high for distribution in trial.distributions.values()],
        "intermediate": trial.intermediate_values,
        "attributes": trial.user_attrs,
        "seconds": None if trial.duration is None else trial.duration.total_seconds(),
    }
    for trial in study.trials
]
found = {
    "optuna": optuna.__version__,
    "study": study.study_name,
    "direction": study.direction.name.lower(),
    "best": study.best_trial.number,
    "importances": list(optuna.importance.get_param_importances(study)) if len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE])) > 1 else [],
    "attributes": study.user_attrs,
    "note": get_note(study),
    "trials": trials,
    "dashboard": {
        "studies": 1,
        "directions": detail["directions"],
        "trials": [trial["state"] for trial in detail["trials"]],
        "best": [trial["number"] for trial in detail["best_trials"]],
        "note": len(detail["note"]["body"]),
    },
}
print(json.dumps(found, indent=1, ensure_ascii=False))
