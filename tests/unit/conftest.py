from tests.support.without_io import no_sockets as no_sockets
from tests.support.without_io import no_waiting as no_waiting
