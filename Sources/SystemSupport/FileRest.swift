/// Decides when files that have changed are at rest.
///
/// A pure machine: the times of changes, samples of the files and the current time in, the next time to look out.
struct FileRest<Sample: Equatable> {
    private let deadline: Duration
    private var lastChange: Duration
    private var sample: Sample

    /// - Parameters:
    ///   - now: the time since any fixed moment.
    ///   - sample: the files as they are.
    init(now: Duration, sample: Sample) {
        deadline = now + FileWatcher.maxDelay
        lastChange = now
        self.sample = sample
    }

    /// A file has changed.
    mutating func changed(now: Duration) { lastChange = now }

    /// - Parameters:
    ///   - isOpen: whether a writer has a file open that it has written to.
    ///   - current: takes a sample: a change may have caused no event.
    /// - Returns: when to look again; nil: the files can be read.
    mutating func next(now: Duration, isOpen: Bool, current: () -> Sample) -> Duration? {
        let end = isOpen ? deadline : min(lastChange + FileWatcher.settle, deadline)
        if now < end { return end }
        if now >= deadline { return nil }
        let fresh = current()
        if fresh == sample { return nil }
        sample = fresh
        lastChange = now
        return min(now + FileWatcher.settle, deadline)
    }
}
