import Logging
import Names

/// Logs the events of name sources.
enum NameSourceEvents {
    static func report(_ event: NameSourceEvent, to logger: Logger) {
        switch event {
        case .loaded(let source, let names):
            logger.info("names loaded", metadata: ["source": "\(source)", "names": "\(names)"])
        case .problem(let source, let problem):
            logger.warning("entry passed over", metadata: ["source": "\(source)", "problem": "\(problem)"])
        case .warning(let source, let warning):
            logger.warning("name source", metadata: ["source": "\(source)", "warning": "\(warning)"])
        case .down(let source, let reason, let serving):
            logger.error(
                serving > 0
                    ? "name source down; its last names stay in force"
                    : "name source down; none of its names is in force",
                metadata: ["source": "\(source)", "reason": "\(reason)", "names": "\(serving)"]
            )
        case .up(let source):
            logger.notice("name source up again", metadata: ["source": "\(source)"])
        case .expired(let source):
            logger.error(
                "name source down for longer than max_stale; its names are no longer in force",
                metadata: ["source": "\(source)"]
            )
        }
    }
}
