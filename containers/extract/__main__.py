"""`python -m containers.extract`: one extraction, told by RUN_ID and PLAN_URI."""

import sys

from containers.extract.run import main

if __name__ == "__main__":
    sys.exit(main())
