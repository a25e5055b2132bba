"""Windows' way to end children with their parent: a job object that the system empties when its last handle closes."""

from __future__ import annotations

import ctypes
import logging
import sys

_EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
_KILL_ON_JOB_CLOSE = 0x2000

log = logging.getLogger(__name__)


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("per_process_user_time", ctypes.c_int64),
        ("per_job_user_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("basic", BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def hold_children() -> None:
    """Have Windows end whatever this process starts from now on when this process ends; elsewhere nothing.

    The process itself joins the job, so that a child belongs to it from its first instruction; the handle is never
    closed, the system does that at the end of the process.
    """
    if sys.platform != "win32":
        return
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    handle, word, flag = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int
    kernel.CreateJobObjectW.restype = handle
    kernel.CreateJobObjectW.argtypes = (handle, ctypes.c_wchar_p)
    kernel.SetInformationJobObject.restype = flag
    kernel.SetInformationJobObject.argtypes = (handle, flag, handle, word)
    kernel.GetCurrentProcess.restype = handle
    kernel.AssignProcessToJobObject.restype = flag
    kernel.AssignProcessToJobObject.argtypes = (handle, handle)

    job = kernel.CreateJobObjectW(None, None)
    limits = ExtendedLimits()
    limits.basic.flags = _KILL_ON_JOB_CLOSE
    held = (
        job
        and kernel.SetInformationJobObject(job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
        and kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess())
    )
    if not held:
        log.warning("no job object for the worker, error %d of Windows", ctypes.get_last_error())
