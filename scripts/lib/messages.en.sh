# English messages; the keys are those of messages.ru.sh.
# shellcheck shell=bash disable=SC2034 # read by t() in ui.sh
TEXT=(
  [usage]='usage: sudo bash scripts/install-production.sh [OPTION]...
  (none)             install, or upgrade when it is installed
  --rollback         go back to the version before
  --uninstall        remove service and program; configuration, logs and data stay
  --purge            with --uninstall: remove those, the account and the tuning, too
  --tune             also set the kernel and login limits of deploy/host
  --port N           the port to write into a new config.yaml (8080)
  --metrics-port N   the metrics'\'' port to write there (9090)
  --dry-run          show what would be done, change nothing
  --quiet, -q        print problems only
  --lang en|ru       language (default: the locale)
  --help             this text'
  [needs_value]='%s needs a value'
  [unknown_option]='unknown option: %s'
  [bad_language]='--lang must be en or ru, got %s'
  [bad_port]='a port must be 1..65535, got %s'
  [purge_alone]='--purge goes with --uninstall'

  [root_ok]='running as root'
  [root_missing]='not root: run it with sudo'
  [systemd_ok]='systemd %s'
  [systemd_missing]='systemd does not run here'
  [node_ok]='Node.js %s (%s)'
  [node_missing]='there is no node on the PATH: install Node.js 20.19 or newer'
  [node_old]='Node.js %s is too old: 20.19 or newer is needed'
  [node_in_home]='%s is in a home folder, which the service must not see: install Node.js system-wide'
  [npm_missing]='a clone is built with npm, and there is none: install it, or use a release archive'
  [source_release]='release in %s'
  [source_clone]='clone in %s (it will be built)'
  [source_missing]='%s is neither a release nor a clone'
  [disk_ok]='enough free disk space'
  [disk_full]='%s has %s MB free, %s MB are needed'
  [account_ok]='account %s'
  [account_foreign]='there is a user %s with the home folder %s instead of %s'
  [port_ok]='port %s is free'
  [port_ours]='port %s is in use by this service'
  [port_busy]='port %s is in use (%s): end that program, or choose another port with --port'
  [metrics_port_busy]='port %s, for metrics, is in use (%s): end that program, or choose another port with --metrics-port'
  [checks_failed]='Nothing has been changed.'
  [locked]='Another installation is under way.'

  [would]='would:'
  [dry_run_done]='Dry run: nothing has been changed.'
  [stage]='put the new version into %s'
  [make_account]='create the system user %s, home %s'
  [make_directories]='create the folders and set their owners and modes'
  [make_config]='write %s'
  [tune]='install %s and %s'
  [write_unit]='write %s and %s'
  [link_commands]='put %s into %s'
  [start]='start the service %s'
  [upgrade]='switch from %s to %s'
  [remove_service]='stop and remove the service %s'
  [remove_program]='remove %s'
  [remove_data]='remove: %s'
  [the_user]='the user %s'

  [release_damaged]='The release in %s is damaged or was changed: unpack it again.'
  [build_dependencies]='npm installs the dependencies'
  [build_compile]='the program is compiled'
  [build_prune]='npm removes what only the build needs'
  [build_still]='%s (%s s so far)'
  [build_failed]='The build failed. Nothing has been changed.'
  [config_refused]='The new version does not accept %s. The running service was not touched.'
  [install_failed]='The service did not come up (its journal is above) and is stopped. Mend the cause, then run this again.'
  [sysctl_refused]='The kernel did not take all values of %s; they apply at the next boot if it does then.'
  [command_taken]='%s is something else and stays as it is.'
  [rolling_back]='The new version did not come up: going back to %s.'
  [rolled_back]='Rolled back: %s runs again. The service was away for %s s.'
  [rollback_failed]='%s did not come up either: see journalctl -u rpc-dart-router.'
  [nothing_previous]='There is no previous version to go back to.'
  [up_to_date]='%s is installed and healthy: nothing to do.'
  [downtime]='Downtime: %s s.'
  [not_installed]='The router is not installed here.'
  [data_kept]='Kept: %s (--uninstall --purge removes that).'
  [summary]='
✅ %s
   Version:        %s
   Previous:       %s
   Configuration:  %s
   Logs:           %s, journalctl -u %s
   Apply changes:  systemctl reload %s'

  [backup_done]='Backup: %s (%s)'
  [backup_nothing]='There is nothing to back up: %s does not exist.'
  [backup_no_folder]='--output %s: there is no such folder (the name of a file ends in .tar.gz)'
  [backup_usage]='usage: sudo bash scripts/backup.sh [--output FOLDER|FILE.tar.gz] [--quiet] [--lang en|ru]'
  [restore_usage]='usage: sudo bash scripts/restore.sh FILE.tar.gz [--quiet] [--lang en|ru]'
  [restore_not_installed]='The router is not installed here: run scripts/install-production.sh first.'
  [restore_unreadable]='%s is not a readable backup.'
  [restore_foreign]='%s is not a backup of this router: it holds %s'
  [restore_safety]='save what is there now as %s'
  [restore_replace]='stop the service and put the backup in place'
  [restore_failed]='The service did not come up with the backup: what was there before is put back.'
  [restore_done]='Restored and healthy: %s. The service was away for %s s.'
)
