# needs: npm
# A package with a local dependency and scripts, without a network.
npm_config_cache=$(mktemp -d); export npm_config_cache npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_loglevel=error
mkdir package library
echo '{ "name": "p", "version": "1.0.0", "scripts": { "build": "node x.js > built" }, "dependencies": { "library": "file:../library" } }' > package/package.json
echo '{ "name": "library", "version": "1.0.0", "main": "i.js" }' > library/package.json
echo 'module.exports = 5' > library/i.js; echo 'console.log(require("library"))' > package/x.js
cd package && npm --offline install | sed 's/ in .*//'; npm run build > /dev/null; cat built; readlink node_modules/library; rm -r "$npm_config_cache"
