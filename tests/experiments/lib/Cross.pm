# SPDX-License-Identifier: GPL-2.0
#
# A table of measurements: one thing downwards, another across. What was not measured says so.
package Cross;
use strict;
use warnings;
use List::Util qw(max);

use constant MISSING => 'not measured';

# distinct VALUE...: in the order in which they first come
sub distinct {
	my %seen;

	return grep { !$seen{$_}++ } @_;
}

# new ROWS, DOWN, ACROSS: two functions that name a row's line and column
sub new {
	my ($class, $rows, $down, $across) = @_;
	my %at;

	# A measurement that was made again counts
	$at{ $down->($_) }{ $across->($_) } = $_ for @$rows;
	return bless {
		at => \%at, down => [ distinct(map { $down->($_) } @$rows) ], across => [ distinct(map { $across->($_) } @$rows) ],
	}, $class;
}

sub cell {
	my ($self, $down, $across, $text) = @_;
	my $row = $self->{at}{$down}{$across};

	return MISSING unless $row;
	return $row->{failed} // $text->($row);
}

# print CORNER, TEXT: TEXT makes the text of a row's cell
sub print {
	my ($self, $corner, $text) = @_;
	my @lines = ([ $corner, @{ $self->{across} } ]);

	for my $down (@{ $self->{down} }) {
		push @lines, [ $down, map { $self->cell($down, $_, $text) } @{ $self->{across} } ];
	}
	my @width = map { my $i = $_; max(map { length $_->[$i] } @lines) } 0 .. $#{ $lines[0] };
	for my $line (@lines) {
		printf "  %-*s", $width[0], $line->[0];
		printf "  %*s", $width[$_], $line->[$_] for 1 .. $#$line;
		print "\n";
	}
	print "\n";
	return;
}

1;
