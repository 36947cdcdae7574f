import CEpoll
import Glibc
package import NIOCore
import NIOConcurrencyHelpers
import Synchronization

/// The data path's event loop: one thread, one epoll set, and the descriptors, tasks and timers of that thread.
///
/// A round: wait for events, call the sources that they belong to, then what sources put off (`resumeLater`), the
/// timers that are due, and the tasks from elsewhere. After each event comes what it has put off until then
/// (`afterEvent`). Time stands still within a round.
///
/// `@unchecked Sendable`: `inbox` is locked and `thread` atomic; everything else belongs to the loop's thread.
package final class EpollLoop: @unchecked Sendable {
    private struct Inbox {
        var tasks: [() -> Void] = []
        var isClosed = false
    }

    /// Bytes of the largest read.
    package static let readBytes = 512 << 10
    /// The longest wait, milliseconds.
    private static let longestWait: Int64 = 60_000
    /// Rounds of tasks that tasks make, at the loop's end.
    private static let lastRounds = 100
    /// The tag of the descriptor by which other threads wake the loop.
    private static let wakeTag = UInt64.max

    private let set: EpollSet
    private let wake: Int32
    private let thread = Atomic<UInt>(0)

    private let inbox = NIOLockedValueBox(Inbox())
    /// Tasks of the loop's own thread.
    private var ownTasks: [() -> Void] = []
    /// … that follow the event of now.
    private var following: [() -> Void] = []
    private var timers = EpollTimers()
    /// Of this round.
    private var clock = NIODeadline.now()
    private var usage = LoopUsage()
    private var isStopping = false
    private var whenStopped: [@Sendable () -> Void] = []

    /// Of its thread. Set before it starts.
    package private(set) var name = ""

    /// By descriptor.
    private var sources: [EpollSource?] = []
    private var generation: UInt32 = 0
    private var toResume: [EpollSource] = []
    private var toClose = ClosingDescriptors()
    private var hasEnded = false
    /// Where all reads go.
    private var readBuffer = ByteBuffer()

    /// - Throws: `SocketError` where the process is out of descriptors.
    package init() throws(SocketError) {
        set = try EpollSet()
        wake = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard wake >= 0 else { throw SocketError("eventfd") }
        guard set.add(wake, .input, tag: Self.wakeTag) else { throw SocketError("epoll_ctl") }
    }

    deinit {
        closeDescriptors()
        if wake >= 0 { Glibc.close(wake) }
    }

    // MARK: The thread

    /// Starts the thread, which runs until `stop`. To be called once.
    ///
    /// - Parameter name: of the thread, at most 15 bytes.
    /// - Throws: `SocketError` where the system has no thread left.
    package func start(name: String) throws(SocketError) {
        self.name = name
        var thread = pthread_t()
        let start = Unmanaged.passRetained(ThreadStart(loop: self, name: name))
        let code = pthread_create(
            &thread,
            nil,
            { start in
                guard let start else { return nil }
                let retained = Unmanaged<ThreadStart>.fromOpaque(start).takeRetainedValue()
                pthread_setname_np(pthread_self(), retained.name)
                // Threads that Dispatch makes have a nice value of its choice, and those that they make inherit it.
                let which = __priority_which_t(PRIO_PROCESS.rawValue)
                _ = setpriority(which, 0, getpriority(which, id_t(getpid())))
                retained.loop.run()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            start.release()
            throw SocketError("pthread_create", code: code)
        }
        pthread_detach(thread)
    }

    private final class ThreadStart {
        let loop: EpollLoop
        let name: String

        init(loop: EpollLoop, name: String) {
            self.loop = loop
            self.name = name
        }
    }

    /// The calling thread is the loop's from now on.
    func adoptThread() {
        thread.store(pthread_self(), ordering: .relaxed)
    }

    private func run() {
        adoptThread()
        // Signals are for the threads that wait for them.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
        while !isStopping { round() }
        end()
    }

    /// Waits, and does what there is to do.
    func round() {
        // The time that says how long to wait also says how long the last round has taken.
        let waits = NIODeadline.now()
        usage.worked(from: clock, to: waits)
        let count = set.wait(milliseconds: longestWait(waits))
        clock = .now()
        var isWoken = false
        for index in 0..<count {
            let (events, tag) = set.event(index)
            guard tag != Self.wakeTag else {
                isWoken = true
                continue
            }
            source(tag)?.ready(events)
            runFollowing()
        }
        resumeSources()
        while let action = timers.takeDue(now: clock) { action() }
        if isWoken { runInbox() }
        runOwnTasks()
        runFollowing()
        toClose.closeSome()
    }

    private func longestWait(_ now: NIODeadline) -> Int32 {
        guard toResume.isEmpty, ownTasks.isEmpty, following.isEmpty, toClose.isEmpty else { return 0 }
        guard let next = timers.next else { return -1 }
        let rest = (next - now).nanoseconds
        return rest <= 0 ? 0 : Int32(truncatingIfNeeded: min(rest / 1_000_000 + 1, Self.longestWait))
    }

    /// How the loop has used its time since the start, and its longest stretch of work since the last call. On the loop's
    /// thread alone.
    package func takeUsage() -> LoopUsage { usage.take(from: clock, to: .now()) }

    /// … without an end of that stretch: the next call of either has it, too.
    package func usageNow() -> LoopUsage {
        var copy = usage
        return copy.take(from: clock, to: .now())
    }

    private func end() {
        let tasks = inbox.withLockedValue { inbox in
            defer { inbox.tasks = [] }
            inbox.isClosed = true
            return inbox.tasks
        }
        for task in tasks { task() }
        timers.end()
        let left = sources
        sources = []
        toResume = []
        for source in left { source?.loopEnded() }
        // Each may make others, though not without end.
        for _ in 0..<Self.lastRounds {
            runOwnTasks()
            runFollowing()
        }
        hasEnded = true
        closeDescriptors()
        thread.store(0, ordering: .relaxed)
        for done in whenStopped { done() }
    }

    // MARK: Tasks

    package var inEventLoop: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    /// The time of this round on the loop's own thread; elsewhere the present time.
    package var now: NIODeadline { inEventLoop ? clock : .now() }

    /// The time of this round. On the loop's thread alone.
    package var roundTime: NIODeadline { clock }

    /// Runs a task on the loop's thread, after what runs now. A loop that has stopped drops it.
    ///
    /// - Returns: whether the loop runs.
    @discardableResult
    func enqueue(_ task: @escaping () -> Void) -> Bool {
        if inEventLoop {
            ownTasks.append(task)
            return true
        }
        let (isFirst, isClosed) = inbox.withLockedValue { inbox in
            guard !inbox.isClosed else { return (false, true) }
            inbox.tasks.append(task)
            return (inbox.tasks.count == 1, false)
        }
        if isFirst {
            var one: UInt64 = 1
            _ = write(wake, &one, MemoryLayout<UInt64>.size)
        }
        return !isClosed
    }

    private func runInbox() {
        var count: UInt64 = 0
        _ = read(wake, &count, MemoryLayout<UInt64>.size)
        let tasks = inbox.withLockedValue { inbox in
            defer { inbox.tasks = [] }
            return inbox.tasks
        }
        for task in tasks { task() }
    }

    private func runOwnTasks() {
        guard !ownTasks.isEmpty else { return }
        let tasks = ownTasks
        ownTasks = []
        for task in tasks { task() }
    }

    /// Runs a task after what the loop does now for one source, and before it turns to another one. On the loop's thread
    /// alone.
    package func afterEvent(_ task: @escaping () -> Void) {
        following.append(task)
    }

    private func runFollowing() {
        guard !following.isEmpty else { return }
        let tasks = following
        following = []
        for task in tasks { task() }
    }

    /// Ends the loop after this round. Any thread. Nothing may be submitted from then on: a promise of a loop that has
    /// stopped is never completed.
    ///
    /// - Parameter done: called on the loop's thread at its very end.
    package func stop(_ done: @escaping @Sendable () -> Void) {
        let runs = enqueue { [self] in
            isStopping = true
            whenStopped.append(done)
        }
        if !runs { done() }
    }

    // MARK: Timers

    /// Does something at a time. On the loop's thread alone.
    package func schedule(at deadline: NIODeadline, _ action: @escaping () -> Void) -> EpollTimer {
        let timer = EpollTimer(action)
        timers.insert(timer, at: deadline)
        return timer
    }

    /// On the loop's thread alone.
    func insert(_ timer: EpollTimer, at deadline: NIODeadline) {
        timers.insert(timer, at: deadline)
    }

    // MARK: Sources. On the loop's thread alone.

    private func source(_ tag: UInt64) -> EpollSource? {
        let descriptor = Int(UInt32(truncatingIfNeeded: tag))
        guard descriptor < sources.count, let source = sources[descriptor],
            source.generation == UInt32(truncatingIfNeeded: tag &>> 32)
        else { return nil }
        return source
    }

    /// Watches a source, and keeps it until it is closed.
    ///
    /// - Returns: false where the system cannot watch another descriptor.
    func watch(_ source: EpollSource, _ interest: EpollEvents) -> Bool {
        let descriptor = Int(source.descriptor)
        guard descriptor >= 0 else { return false }
        if descriptor >= sources.count {
            sources.append(contentsOf: repeatElement(nil, count: descriptor + 1 - sources.count))
        }
        generation = generation == .max ? 1 : generation + 1
        source.generation = generation
        sources[descriptor] = source
        return set.add(source.descriptor, interest, tag: tag(source))
    }

    /// Watches a source no longer, which stays open.
    func unwatch(_ source: EpollSource) {
        let descriptor = Int(source.descriptor)
        guard descriptor >= 0, descriptor < sources.count, sources[descriptor] === source else { return }
        set.remove(source.descriptor)
        sources[descriptor] = nil
    }

    /// Watches it for other events.
    ///
    /// - Returns: false where the system cannot.
    func change(_ source: EpollSource, _ interest: EpollEvents) -> Bool {
        source.descriptor >= 0 && set.change(source.descriptor, interest, tag: tag(source))
    }

    private func tag(_ source: EpollSource) -> UInt64 {
        UInt64(UInt32(bitPattern: source.descriptor)) | UInt64(source.generation) &<< 32
    }

    /// Closes its descriptor at the end of the round. Events that are still to come find nobody.
    func close(_ source: EpollSource) {
        guard let descriptor = forget(source) else { return }
        if hasEnded { Glibc.close(descriptor) } else { toClose.append(descriptor) }
    }

    /// … now.
    func closeAtOnce(_ source: EpollSource) {
        if let descriptor = forget(source) { Glibc.close(descriptor) }
    }

    /// - Returns: its descriptor, to be closed; nil: it is closed.
    private func forget(_ source: EpollSource) -> Int32? {
        guard let descriptor = source.takeDescriptor() else { return nil }
        if source.generation != 0, Int(descriptor) < sources.count { sources[Int(descriptor)] = nil }
        return descriptor
    }

    /// Closes what was to be closed at the end of the round.
    ///
    /// - Returns: whether there was any.
    @discardableResult
    package func closeDescriptors() -> Bool { toClose.closeAll() }

    /// Calls `resume` after the events of this round, and before the loop waits again: for what must not happen
    /// within a call of somebody else, and for what would take too long now.
    func resumeLater(_ source: EpollSource) {
        guard !source.isToResume else { return }
        source.isToResume = true
        toResume.append(source)
    }

    /// What is put off meanwhile waits for the next round.
    private func resumeSources() {
        guard !toResume.isEmpty else { return }
        let sources = toResume
        toResume = []
        for source in sources {
            source.isToResume = false
            source.resume()
            runFollowing()
        }
    }

    /// Reads what there is into the loop's buffer.
    ///
    /// - Parameter most: bytes, up to `readBytes`.
    /// - Returns: the bytes, which are valid until the next read; and their count, 0 at the end, or negative an error
    ///   (errno(3)).
    func receive(_ descriptor: Int32, _ most: Int) -> (bytes: ByteBuffer, count: Int) {
        // The same memory again, unless somebody has kept the last bytes.
        readBuffer.clear(minimumCapacity: Self.readBytes)
        var count = 0
        readBuffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.readBytes) { memory in
            repeat {
                count = recv(descriptor, memory.baseAddress, min(most, memory.count), 0)
                if count < 0 { count = -Int(errno) }
            } while count == -Int(EINTR)
            return max(0, count)
        }
        return (readBuffer, count)
    }
}
