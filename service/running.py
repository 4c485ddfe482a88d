"""How the service runs: processes, threads, batches, time-outs and logs."""

from dataclasses import dataclass

from storage.declared import Declared, setting


@dataclass(frozen=True, kw_only=True)
class Running(Declared):
    """How the server runs; the measurements behind the defaults are in docs/serving.md."""

    port: int = setting(8000, "Port to listen on; 0 takes a free one.", low=0, high=65535)
    http_workers: int = setting(0, "Processes that answer; 0 is one for each core, at most eight.", low=0, high=1024)
    threads: int = setting(32, "Threads of each process, and so questions at once.", low=1, high=1024)
    batch_wait: float = setting(
        1.0, "Milliseconds that a question waits for others, to be ranked with them; 0 for never.", low=0.0, high=100.0
    )
    largest_batch: int = setting(64, "Questions ranked together at most; 1 for each by itself.", low=1, high=4096)
    look_every: float = setting(
        1.0, "Seconds between two looks for newly published models; SIGHUP looks at once.", low=0.1, high=86400
    )
    keep_alive: int = setting(15, "Seconds that an idle connection stays open.", low=1, high=3600)
    request_timeout: int = setting(10, "Seconds that a client may take to send a request's headers.", low=1, high=3600)
    answer_timeout: int = setting(
        60, "Seconds for a request's body, its answer and the reading of it.", low=1, high=86400
    )
    stop_timeout: int = setting(30, "Seconds that requests may take to end when the service stops.", low=1, high=3600)
    access_log: str = setting("", "File for one line of JSON a request; - is standard output.", shown="none")
    access_log_queries: bool = setting(False, "Write into the access log what was asked, too.")
