# SPDX-License-Identifier: GPL-2.0
#
# Latencies of the scheduling classes: a panel each, both axes logarithmic.
package Histogram;
use strict;
use warnings;
use List::Util qw(max);
use Latency;
use Svg;
use Units qw(time_text);

use constant {
	WIDTH => 1000, LEFT => 210, RIGHT => 30, TOP => 84, PANEL => 104, PLOT => 78,
	PER_DECADE => 10, FIRST => 3, LAST => 9,	# decades of ns on the axis
};

# draw FILE SUBTITLE NOTE [NAME, DETAIL, COLOUR, SORTED, WOKEN, PROMISE]...: WOKEN is the worst after a wake-up,
# PROMISE a bound, where there is one
sub draw {
	my ($file, $subtitle, $note, @classes) = @_;
	my $height = TOP + PANEL * @classes + 44;
	my $svg = Svg->new(WIDTH, $height, 'Wake-up latencies of four scheduling classes under the same load');
	my $top = max(map { map { $_->[1] } Latency::bins($_->[3], PER_DECADE) } @classes);

	$svg->text(16, 26, 'Wake-up latency under the same load', font_size => 17, font_weight => 600);
	$svg->text(16, 46, $subtitle, fill => '#57606a');
	$svg->text(16, 62, $note, fill => '#57606a');
	for my $i (0 .. $#classes) {
		panel($svg, TOP + PANEL * $i, 10**(int(log($top) / log(10)) + 1), @{ $classes[$i] });
	}
	x_axis($svg, TOP + PANEL * @classes - (PANEL - PLOT));
	$svg->save($file);
	return;
}

sub px {
	my ($ns) = @_;
	my $decade = log($ns) / log(10);

	return LEFT + ($decade - FIRST) / (LAST - FIRST) * (WIDTH - LEFT - RIGHT);
}

# level BASE COUNT MOST: one sample stands clear of the axis
sub level {
	my ($base, $count, $most) = @_;

	return $base - PLOT * (log($count) + log(2)) / (log($most) + log(2));
}

sub panel {
	my ($svg, $y, $most, $name, $detail, $colour, $sorted, $woken, $promise) = @_;
	my $base = $y + PLOT;

	grid($svg, $y, $base, $most);
	$svg->text(16, $y + 22, $name, font_size => 14, font_weight => 600, fill => $colour);
	$svg->text(16, $y + 39, $detail, font_size => 11, fill => '#57606a');
	$svg->text(16, $y + 54, scalar(@$sorted) . ' samples', font_size => 11, fill => '#57606a');
	for my $bin (Latency::bins($sorted, PER_DECADE)) {
		my ($from, $to) = (px($bin->[0]), px($bin->[0] * 10**(1 / PER_DECADE)));
		my $top = level($base, $bin->[1], $most);
		$svg->rect($from, $top, $to - $from - 0.8, $base - $top, fill => $colour);
	}
	promised($svg, $base, level($base, 1, $most), $promise) if $promise;
	worst($svg, $base, level($base, 1, $most), $sorted->[-1], $woken);
	return;
}

sub promised {
	my ($svg, $base, $top, $ns) = @_;
	my $x = px($ns);

	# In between is what worst() writes
	for my $piece ([ $base, $top - 2 ], [ $top - 19, $top - 30 ]) {
		$svg->line($x, $piece->[0], $x, $piece->[1], stroke => '#1a7f37', stroke_width => 1.2, stroke_dasharray => '4 3');
	}
	$svg->text($x + 5, $top - 24, 'promised: at most ' . time_text($ns), fill => '#1a7f37', font_weight => 600);
	return;
}

sub worst {
	my ($svg, $base, $top, $ns, $woken) = @_;
	my $x = px($ns);
	my $left = $x > WIDTH - 330;

	$svg->line($x, $base, $x, $top - 14, stroke => '#cf222e', stroke_width => 1.2);
	$svg->text($x + ($left ? -5 : 5), $top - 8, sprintf('worst %s; after a wake-up %s', map { time_text($_) } $ns, $woken),
		fill => '#cf222e', font_weight => 600, text_anchor => $left ? 'end' : 'start');
	return;
}

sub grid {
	my ($svg, $y, $base, $most) = @_;

	for my $decade (FIRST .. LAST) {
		$svg->line(px(10**$decade), $y, px(10**$decade), $base, stroke => '#d8dee4');
	}
	for (my $count = 1; $count <= $most; $count *= 10) {
		my $at = level($base, $count, $most);
		$svg->line(LEFT, $at, WIDTH - RIGHT, $at, stroke => '#eaeef2');
		$svg->text(LEFT - 6, $at + 3.5, $count, font_size => 9.5, text_anchor => 'end', fill => '#57606a');
	}
	$svg->line(LEFT, $base, WIDTH - RIGHT, $base, stroke => '#57606a');
	return;
}

sub x_axis {
	my ($svg, $base) = @_;

	for my $decade (FIRST .. LAST) {
		my $text = time_text(10**$decade) =~ s/\.0+ / /r;
		$svg->text(px(10**$decade), $base + 17, $text, text_anchor => 'middle');
	}
	$svg->text((LEFT + WIDTH - RIGHT) / 2, $base + 38, 'from the programmed instant to the thread running '
			. '(samples per bin upwards, ' . PER_DECADE . ' bins per decade)',
		text_anchor => 'middle', fill => '#57606a');
	return;
}

1;
