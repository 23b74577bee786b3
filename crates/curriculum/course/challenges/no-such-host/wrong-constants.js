new WebSocket("ws://this-site-does-not-exist.invalid");
return { code: 1006, reason: "", wasClean: false };
