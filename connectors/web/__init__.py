"""The one place from where the web is asked: by an allow-list, at checked addresses, within limits; or folders in its stead."""
