"""Run the simulated fal.ai: ``python -m local.fal --state-dir DIR --port 0``."""

from local.simulator.launch import Launch, Servable, run


def main() -> None:
    """Serve until told to stop."""
    run("local.fal", "fal.ai", _open)


def _open(launch: Launch) -> Servable:
    from local.fal.simulator import Simulator

    return Simulator(launch)


if __name__ == "__main__":
    main()
