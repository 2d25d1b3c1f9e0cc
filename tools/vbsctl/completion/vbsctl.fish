# SPDX-License-Identifier: GPL-2.0
# fish completion of vbsctl(1): commands and options are those that 'vbsctl help' lists

# "word <tab> what it is" for each command of a help text
function __vbsctl_commands
    $argv[1] help $argv[2..-1] 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)   *\(.*\)/\1\t\2/p'
end

function __vbsctl_options
    $argv[1] help $argv[2..-1] 2>/dev/null |
        sed -n 's/^ \{2,6\}\(-., \)\{0,1\}\(--[a-z-]*\)\( [^ ]*[A-Z][^ ]*\)\{0,1\} *\(.*\)/\2\t\4/p'
    printf '%s\t%s\n' --help 'how to use it'
end

# Names and oldest members of servers
function __vbsctl_servers
    for file in /run/vbs/*
        printf '%s\ta name\n' (basename $file | sed 's/:.*//')
    end | sort -u
    sed -n 's/^server .* leader=\([1-9][0-9]*\) comm=\(.*\)/\1\t\2/p' /proc/vbs 2>/dev/null
end

# Lines and network devices whose threads may be in servers
function __vbsctl_lines
    cat /proc/[0-9]*/comm 2>/dev/null |
        sed -n 's,^irq/\([0-9]*\)-\(.*\),\1\t\2,p; s,^napi/\(.*\)-[0-9]*$,\1\ta network device,p' | sort -u
end

function __vbsctl_machines
    sed -n 's/^group pid=\([0-9]*\) .* comm=\(.*\)/\1\t\2/p' /proc/vbs 2>/dev/null
end

# Where the command of 'run', 'calibrate' and the like begins among the words before the cursor; fails if it does not yet
function __vbsctl_command_at
    set -l i 3
    test "$argv[2]" != vm; or set i 4
    while test $i -le (count $argv)
        switch $argv[$i]
            case --
                echo (math $i + 1)
                return 0
            case --vcpu --dm --dm-cap --vcpus --guest-period-min --res --cap --cpu --user --name --output --picture --from --length --buffer -o -p \
                --sizes --unit --states --shares --period --runs --tolerance --model --rate --op --latency --count --vm --pid --fd -n
                set i (math $i + 1)
            case '-*'
            case '*'
                echo $i
                return 0
        end
        set i (math $i + 1)
    end
    return 1
end

function __vbsctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l n (count $words)
    set -l at
    if test $n -eq 1
        __vbsctl_commands $words[1]
        printf '%s\t%s\n' --help 'the commands' --version 'the version'
    else if begin
            contains -- $words[2] run trace calibrate check-rate
            or test "$words[2] $words[3]" = "vm run"
        end
        and set at (__vbsctl_command_at $words)
        complete -C (string join ' ' -- (string escape -- $words[$at..-1]) $current)
    else if test $n -eq 2 -a $words[2] = help
        __vbsctl_commands $words[1]
    else if test $n -eq 2; and contains -- $words[2] channel irq timeline vm
        __vbsctl_commands $words[1] $words[2]
    else if string match -q -- '-*' $current
        if contains -- $words[2] channel irq timeline vm
            __vbsctl_options $words[1] $words[2] $words[3]
        else
            __vbsctl_options $words[1] $words[2]
        end
    else if test $words[2] = timeline
        $words[1] timeline list 2>/dev/null | awk 'NR > 1 { print $3 "\ta timeline" }'
    else if test $words[2] = irq
        __vbsctl_lines
    else if test $words[2] = vm
        __vbsctl_machines
    else if contains -- $words[2] join switch move leave list show reset
        __vbsctl_servers
    else if contains -- $words[2] run trace calibrate check-rate
        complete -C $current
    else if contains -- $words[2] admit advise
        __fish_complete_pids
    else
        __fish_complete_path $current
    end
end

complete -c vbsctl -f -a '(__vbsctl_complete)'
