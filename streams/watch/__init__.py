"""The watch: surveillance over the transactions on faust-streaming, and the clock that sends ticks (runtime-rules section 5)."""
