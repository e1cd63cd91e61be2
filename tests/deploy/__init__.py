"""The files of the folder ``deploy`` and the container file, tried without a container engine."""
