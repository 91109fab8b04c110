"""Run the simulated Hedra: ``python -m local.hedra --state-dir DIR --port 0``."""

from local.simulator.launch import Launch, Servable, run


def main() -> None:
    """Serve until told to stop."""
    run("local.hedra", "Hedra", _open)


def _open(launch: Launch) -> Servable:
    from local.hedra.simulator import Simulator

    return Simulator(launch)


if __name__ == "__main__":
    main()
