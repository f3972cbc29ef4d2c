// The item page's script: keys for now. Without it every form still posts.
