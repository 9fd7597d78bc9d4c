"""What <pes_path> of direct.xml names: i-PI finds the class by its name."""

from gaq.simulate.ipi_pes import __DRIVER_CLASS__, Driver

__all__ = ["__DRIVER_CLASS__", "Driver"]
