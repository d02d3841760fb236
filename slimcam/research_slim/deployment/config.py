"""On which devices clones, variables, inputs and the optimizer of a model lie."""

from typing import Any, Callable, Optional, Union

from ..._tf import tf1

CPU = "/device:CPU:0"


class DeploymentConfig:
    """How many clones on how many replicas, and where; ValueError for what cannot be."""

    def __init__(
        self,
        num_clones: int = 1,
        clone_on_cpu: bool = False,
        replica_id: int = 0,
        num_replicas: int = 1,
        num_ps_tasks: int = 0,
        worker_job_name: str = "worker",
        ps_job_name: str = "ps",
    ) -> None:
        if num_replicas > 1 and num_ps_tasks < 1:
            raise ValueError("When using replicas num_ps_tasks must be positive")
        if num_replicas > 1 or num_ps_tasks > 0:
            if not worker_job_name:
                raise ValueError("Must specify worker_job_name when using replicas")
            if not ps_job_name:
                raise ValueError("Must specify ps_job_name when using parameter server")
        if replica_id >= num_replicas:
            raise ValueError("replica_id must be less than num_replicas")
        self.num_clones = num_clones
        self.clone_on_cpu = clone_on_cpu
        self.replica_id = replica_id
        self.num_replicas = num_replicas
        self.num_ps_tasks = num_ps_tasks
        self.ps_device = f"/job:{ps_job_name}" if num_ps_tasks > 0 else ""
        self.worker_device = f"/job:{worker_job_name}" if num_ps_tasks > 0 else ""

    def caching_device(self) -> Optional[Callable[[Any], str]]:
        """Return where variables are cached, for tf.device; None without replicas."""
        return (lambda op: op.device) if self.num_ps_tasks > 0 else None

    def clone_device(self, clone_index: int) -> str:
        """Return the device of a clone."""
        self._check(clone_index)
        return self.worker_device + (CPU if self.clone_on_cpu else f"/device:GPU:{clone_index:d}")

    def clone_scope(self, clone_index: int) -> str:
        """Return the name scope of a clone: none where it is alone."""
        self._check(clone_index)
        return f"clone_{clone_index:d}" if self.num_clones > 1 else ""

    def _check(self, clone_index: int) -> None:
        if clone_index >= self.num_clones:
            raise ValueError("clone_index must be less than num_clones")

    def optimizer_device(self) -> str:
        """Return the device of the optimizer."""
        return self.worker_device + CPU if self.num_ps_tasks > 0 or self.num_clones > 0 else ""

    def inputs_device(self) -> str:
        """Return the device of the inputs."""
        return self.worker_device + CPU

    def variables_device(self) -> Union[str, Callable[[Any], str]]:
        """Return the device of variables: with parameter servers a function of an operation, each server in turn."""
        if not self.num_ps_tasks:
            return CPU
        device, tasks, made = self.ps_device + CPU, self.num_ps_tasks, [0]

        def choose(op: Any) -> str:
            node = op if isinstance(op, tf1.NodeDef) else op.node_def
            chosen: str = op.device
            if not chosen and node.op.startswith("Variable"):
                chosen = f"{device}/task:{made[0] % tasks:d}"
                made[0] += 1
            return chosen

        return choose
