# SPDX-License-Identifier: GPL-2.0
#
# Times and shares as text.
package Units;
use strict;
use warnings;
use Exporter qw(import);
our @EXPORT_OK = qw(ms time_text resource percent);

# ms NS DIGITS: a number of milliseconds
sub ms {
	my ($ns, $digits) = @_;

	return sprintf('%.*f', $digits // 3, $ns / 1e6);
}

# time_text NS: three significant digits or so, with the unit
sub time_text {
	my ($ns) = @_;

	return sprintf('%.0f ns', $ns) if abs $ns < 1000;
	return number($ns / 1e3) . " \x{b5}s" if abs $ns < 1e6;
	return number($ns / 1e6) . ' ms' if abs $ns < 1e9;
	return number($ns / 1e9) . ' s';
}

sub number {
	my ($x) = @_;

	return sprintf('%.*f', abs $x < 10 ? 2 : abs $x < 100 ? 1 : 0, $x);
}

# resource RUNTIME PERIOD: "3 ms/10 ms"
sub resource {
	return join '/', map { plain($_) } @_;
}

sub plain {
	my ($ns) = @_;

	return $ns < 1e6 ? sprintf("%g \x{b5}s", $ns / 1e3) : sprintf('%g ms', $ns / 1e6);
}

sub percent {
	my ($share) = @_;

	return sprintf('%.1f %%', 100 * $share);
}

1;
