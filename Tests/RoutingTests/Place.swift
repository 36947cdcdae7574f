import PCRE2
import Testing
