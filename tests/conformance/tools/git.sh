# needs: git
# A repository from its beginning to a rebase, with a hook, a clone and a worktree.
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
export GIT_CONFIG_NOSYSTEM=1
git init -q -b main repository; cd repository || exit 1
cp -r ../sub ../hello.txt .; git add .; git commit -qm one; git log --oneline; git status --short
printf '#!/bin/sh\necho the hook runs\ntest ! -e forbidden\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
echo more >> hello.txt; git diff; git commit -am two | tail -1
touch forbidden; git add forbidden; git commit -qm no; echo $?; git rm -qf forbidden
git checkout -qb side HEAD~1; git mv sub/one sub/first; git commit -qam three; git rebase -q main
git log --format='%s %h' --graph; git checkout -q main; git merge -q --no-edit side; git tag v1
echo x > hello.txt; git stash -q; git stash list | wc -l; git stash drop -q
git clone -q . ../clone; git -C ../clone log --oneline | wc -l
git -c pack.threads=1 gc -q; git fsck; git archive HEAD | tar t; git blame hello.txt | cut -d' ' -f1; git grep -n more
git reset -q --hard HEAD~1; git clean -fdx; git rev-parse HEAD; git cat-file -p 'HEAD^{tree}'; git describe --tags --always
git push -q ../clone HEAD:refs/heads/pushed; git -C ../clone branch -a | sort
rm -rf ../clone .git/index .git/logs
