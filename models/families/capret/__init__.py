"""RS-CapRet."""
