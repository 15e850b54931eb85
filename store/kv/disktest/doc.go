// Package disktest gives tests disks that fail: small file systems of their own whose power can be cut, that run full or
// answer with errors, and a kernel that lies about having written. Only tests import it. Where this machine cannot do
// it, the test is skipped and says so.
package disktest
