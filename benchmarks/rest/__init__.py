"""The interface beside a bare endpoint and beside Django REST Framework, in one server process."""
