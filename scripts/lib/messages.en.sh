# English messages; the keys are those of messages.ru.sh.
# shellcheck shell=bash disable=SC2034 # read by t() in ui.sh
TEXT=(
  [usage]='usage: sudo bash scripts/install-production.sh [OPTION]...
  (none)             install, or upgrade an installation
  --rollback         return to the previous version
  --uninstall        remove service and program; keep configuration, logs and data
  --purge            with --uninstall: also remove configuration, logs, data and account
  --tune             also set the kernel and login limits of deploy/host
  --port N           port for a new config.yaml (8080)
  --metrics-port N   metrics port for a new config.yaml (9090)
  --dry-run          print the planned changes, change nothing
  --quiet, -q        print problems only
  --lang en|ru       language (default: the locale)
  --help             this text'
  [needs_value]='%s needs a value'
  [unknown_option]='unknown option: %s'
  [bad_language]='--lang must be en or ru, got %s'
  [bad_port]='a port must be 1..65535, got %s'
  [purge_alone]='--purge requires --uninstall'

  [root_ok]='running as root'
  [root_missing]='not root: run it with sudo'
  [systemd_ok]='systemd %s'
  [systemd_missing]='systemd does not run on this host'
  [node_ok]='Node.js %s (%s)'
  [node_missing]='no node on the PATH: install Node.js 20.19 or newer'
  [node_old]='Node.js %s is too old: install 20.19 or newer'
  [node_in_home]='%s is in a home folder, which the service cannot access: install Node.js system-wide'
  [npm_missing]='building a clone requires npm: install it, or use a release archive'
  [source_release]='release in %s'
  [source_clone]='clone in %s (it will be built)'
  [source_missing]='%s is neither a release nor a clone'
  [disk_ok]='enough free disk space'
  [disk_full]='%s has %s MB free, %s MB are required'
  [account_ok]='account %s'
  [account_foreign]='the user %s exists with the home folder %s instead of %s'
  [port_ok]='port %s is free'
  [port_ours]='port %s is in use by this service'
  [port_busy]='port %s is in use (%s): end that program, or choose another port with --port'
  [metrics_port_busy]='port %s, for metrics, is in use (%s): end that program, or choose another port with --metrics-port'
  [checks_failed]='Nothing has been changed.'
  [locked]='Another installation is running.'

  [would]='would:'
  [dry_run_done]='Dry run: nothing has been changed.'
  [stage]='copy the new version to %s'
  [make_account]='create the system user %s, home %s'
  [make_directories]='create the folders, set owners and modes'
  [make_config]='write %s'
  [tune]='install %s and %s'
  [write_unit]='write %s and %s'
  [link_commands]='link %s in %s'
  [start]='start the service %s'
  [upgrade]='switch from %s to %s'
  [remove_service]='stop and remove the service %s'
  [remove_program]='remove %s'
  [remove_data]='remove: %s'
  [the_user]='the user %s'

  [release_damaged]='The release in %s is damaged or modified: unpack it again.'
  [build_dependencies]='installing dependencies'
  [build_compile]='building the program'
  [build_prune]='removing build dependencies'
  [build_still]='%s (%s s so far)'
  [build_failed]='The build failed. Nothing has been changed.'
  [config_refused]='The new version does not accept %s. The running service was not touched.'
  [install_failed]='The service did not start (see its journal above) and is stopped. Fix the cause and run the installation again.'
  [sysctl_refused]='The kernel did not accept all values of %s; they are applied again at the next boot.'
  [command_taken]='%s belongs to another program and is not replaced.'
  [rolling_back]='The new version did not start: rolling back to %s.'
  [rolled_back]='Rolled back: %s runs again. Downtime: %s s.'
  [rollback_failed]='%s did not start either: see journalctl -u rpc-dart-router.'
  [nothing_previous]='There is no previous version to roll back to.'
  [up_to_date]='%s is installed and healthy: nothing to do.'
  [downtime]='Downtime: %s s.'
  [not_installed]='The router is not installed.'
  [data_kept]='Kept: %s (remove with --uninstall --purge).'
  [summary]='
✅ %s
   Version:        %s
   Previous:       %s
   Configuration:  %s
   Logs:           %s, journalctl -u %s
   Apply changes:  systemctl reload %s'

  [backup_done]='Backup: %s (%s)'
  [backup_nothing]='Nothing to back up: %s does not exist.'
  [backup_no_folder]='--output %s: no such folder (a file name must end in .tar.gz)'
  [backup_usage]='usage: sudo bash scripts/backup.sh [--output FOLDER|FILE.tar.gz] [--quiet] [--lang en|ru]'
  [restore_usage]='usage: sudo bash scripts/restore.sh FILE.tar.gz [--quiet] [--lang en|ru]'
  [restore_not_installed]='The router is not installed: run scripts/install-production.sh first.'
  [restore_unreadable]='%s is not a readable backup.'
  [restore_foreign]='%s is not a backup of this router: it contains %s'
  [restore_safety]='save the current state as %s'
  [restore_replace]='stop the service and restore the backup'
  [restore_failed]='The service did not start with the backup: restoring the previous state.'
  [restore_done]='Restored and healthy: %s. Downtime: %s s.'
)
