package import Dispatch
package import NIOCore

/// What the control plane needs of NIO's event loops: tasks, timers, promises.
extension EpollLoop: EventLoop {
    package func execute(_ task: @escaping @Sendable () -> Void) {
        enqueue(task)
    }

    package func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
        let promise = makePromise(of: T.self)
        let runs = enqueue {
            do { promise.assumeIsolated().succeed(try task()) } catch { promise.fail(error) }
        }
        if !runs { promise.fail(EventLoopError.shutdown) }
        return promise.futureResult
    }

    package func scheduleTask<T>(
        deadline: NIODeadline,
        _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        let promise = makePromise(of: T.self)
        let timer = EpollTimer {
            do { promise.assumeIsolated().succeed(try task()) } catch { promise.fail(error) }
        } ended: {
            promise.fail(EventLoopError.shutdown)
        }
        if inEventLoop {
            insert(timer, at: deadline)
        } else if !enqueue({ [self] in insert(timer, at: deadline) }) {
            promise.fail(EventLoopError.shutdown)
        }
        return Scheduled(promise: promise) { [self] in
            if inEventLoop { timer.cancel() } else { enqueue { timer.cancel() } }
        }
    }

    package func scheduleTask<T>(
        in delay: TimeAmount,
        _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        scheduleTask(deadline: now + delay, task)
    }

    package func shutdownGracefully(
        queue: DispatchQueue,
        _ callback: @Sendable @escaping ((any Error)?) -> Void
    ) {
        stop { queue.async { callback(nil) } }
    }
}
