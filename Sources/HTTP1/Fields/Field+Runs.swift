extension [Field] {
    /// Calls `emit` with the lines of the fields that stay, as the longest possible runs: what to copy from the
    /// received head.
    @inlinable
    package func forEachRun(keeping keep: (Field) -> Bool, _ emit: (ByteRange) -> Void) {
        var run = ByteRange.empty
        for index in indices where keep(self[index]) {
            let line = self[index].line
            if line.start == run.end {
                run.end = line.end
            } else {
                if !run.isEmpty { emit(run) }
                run = line
            }
        }
        if !run.isEmpty { emit(run) }
    }
}
