# SPDX-License-Identifier: GPL-2.0
#
# What operations cost against n, a panel each, with the classes beside one another.
package SchedPlot;
use strict;
use warnings;
use List::Util qw(max);
use Svg;

use constant { COLUMNS => 4, WIDTH => 1000, HEAD => 92, PANEL_W => 237, PANEL_H => 210 };
use constant { LEFT => 50, RIGHT => 12, TOP => 34, BOTTOM => 34 };

my %style = (
	'VBS' => { stroke => '#0072b2', stroke_width => 2.4 },
	'DEADLINE' => { stroke => '#d55e00', stroke_width => 1.8 },
	'DEADLINE+HRTICK' => { stroke => '#d55e00', stroke_width => 1.8, stroke_dasharray => '5 3' },
	'FIFO' => { stroke => '#8c959f', stroke_width => 1.8 },
);
my @classes = ('VBS', 'DEADLINE', 'DEADLINE+HRTICK', 'FIFO');

# [ operation, the state of the others, title ]
my @panels = (
	[ 'admit-ready', 'ready', 'Admit a runnable task' ],
	[ 'leave-ready', 'ready', 'A runnable task leaves' ],
	[ 'switch-own-new', 'ready', 'Switch itself' ],
	[ 'switch-ready-new', 'ready', 'Switch a ready task' ],
	[ 'wake', 'ready', 'eventfd: wake up' ],
	[ 'block', 'ready', 'Block, pick the next' ],
	[ 'exhaustion', 'throttled', 'Exhaust, pick the next' ],
	[ 'replenishment', 'throttled', 'Replenish, run again' ],
);

sub curve {
	my ($rows, $op, $state, $class) = @_;

	return sort { $a->[0] <=> $b->[0] } map { [ @$_{qw(n median)} ] }
		grep { ($_->{op} // '') eq $op && ($_->{others} // '') eq $state && $_->{class} eq $class } @$rows;
}

sub axes {
	my ($svg, $x0, $y0, $w, $h, $top, $most) = @_;

	for (my $v = 0; $v <= $top; $v += 1000) {
		my $y = $y0 + $h * (1 - $v / $top);
		$svg->line($x0, $y, $x0 + $w, $y, stroke => '#d0d7de', stroke_width => 1);
		$svg->text($x0 - 6, $y + 4, $v, text_anchor => 'end', fill => '#57606a', font_size => 11);
	}
	for (my $n = 1; $n <= $most; $n *= 10) {
		my $x = $x0 + ($most > 1 ? $w * log($n) / log($most) : 0);
		$svg->text($x, $y0 + $h + 16, $n, text_anchor => 'middle', fill => '#57606a', font_size => 11);
	}
	return;
}

sub panel {
	my ($svg, $x, $y, $title, $top, $most, %curves) = @_;
	my ($x0, $y0) = ($x + LEFT, $y + TOP);
	my ($w, $h) = (PANEL_W - LEFT - RIGHT, PANEL_H - TOP - BOTTOM);

	$svg->text($x0, $y + 22, $title, font_weight => 600);
	axes($svg, $x0, $y0, $w, $h, $top, $most);
	for my $class (grep { @{ $curves{$_} } } reverse @classes) {
		my @points = map {
			sprintf '%.1f %.1f', $x0 + ($most > 1 ? $w * log($_->[0]) / log($most) : 0), $y0 + $h * (1 - $_->[1] / $top)
		} @{ $curves{$class} };
		$svg->path('M' . join(' L', @points), fill => 'none', %{ $style{$class} });
	}
	return;
}

sub legend {
	my ($svg) = @_;
	my $x = LEFT;

	for my $class (@classes) {
		my $name = $class eq 'DEADLINE+HRTICK' ? 'DEADLINE with HRTICK_DL' : $class;

		$svg->line($x, 72, $x + 28, 72, %{ $style{$class} });
		$svg->text($x + 34, 76, $name);
		$x += 60 + 8 * length $name;
	}
	return;
}

# draw FILE, ROWS
sub draw {
	my ($file, $rows) = @_;
	my $most = max(map { $_->{n} // 1 } @$rows);
	my @curves = map { my $p = $_; +{ map { ($_ => [ curve($rows, @$p[0, 1], $_) ]) } @classes } } @panels;
	my $highest = max(map { $_->[1] } map { map { @$_ } values %$_ } @curves);
	my $top = 1000 * int($highest / 1000 + 1);
	my $svg = Svg->new(WIDTH, HEAD + PANEL_H * @panels / COLUMNS + 16, 'What scheduling costs');

	$svg->text(16, 26, 'What scheduling costs, in instructions, by the number of other tasks on the CPU', font_size => 17, font_weight => 600);
	$svg->text(16, 46, 'Medians of 100, in the virtual machine. The others are ready behind who is measured; in the last two panels they are throttled.',
		fill => '#57606a');
	legend($svg);
	panel($svg, 16 + PANEL_W * ($_ % COLUMNS), HEAD + PANEL_H * int($_ / COLUMNS), $panels[$_][2], $top, $most, %{ $curves[$_] })
		for 0 .. $#panels;
	$svg->save($file);
	return;
}

1;
