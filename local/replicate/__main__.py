"""Run the simulated Replicate: ``python -m local.replicate --state-dir DIR --port 0``."""

from local.simulator.launch import Launch, Servable, run


def main() -> None:
    """Serve until told to stop."""
    run("local.replicate", "Replicate", _open)


def _open(launch: Launch) -> Servable:
    from local.replicate.simulator import Simulator

    return Simulator(launch)


if __name__ == "__main__":
    main()
